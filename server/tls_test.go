// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes one of this machine, and its key.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	roots = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret), roots
}

func TestTLS(t *testing.T) {
	cert, key, roots := certificate(t)
	_, url, stop := running(t, func(o *Options) { o.TLSCert, o.TLSKey = cert, key })
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	r, err := (&http.Client{Transport: transport}).Post(strings.Replace(url, "http:", "https:", 1)+"/embed", "application/json", strings.NewReader(`{"inputs":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil || r.StatusCode != http.StatusOK || r.ProtoMajor != 2 {
		t.Errorf("status %d, HTTP %d, %v", r.StatusCode, r.ProtoMajor, err)
	}
	plain, err := http.Get(url + "/health")
	if err == nil {
		if _ = plain.Body.Close(); plain.StatusCode == http.StatusOK {
			t.Error("without TLS it is answered, too")
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// What TLS needs and is not there stops a server before it listens.
func TestTLSFilesAreRead(t *testing.T) {
	cert, key, _ := certificate(t)
	for _, files := range [][2]string{{cert, "nowhere"}, {"nowhere", key}, {cert, cert}} {
		o := Options{Models: checkpoints, TLSCert: files[0], TLSKey: files[1]}
		if s, err := New(o); err == nil {
			_ = s.Close()
			t.Errorf("%v is taken", files)
		}
	}
}
