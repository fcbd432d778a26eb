// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // see oldKey
	"crypto/rc4" //nolint:gosec // see oldKey
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
)

// crypt undoes the standard security handler (ISO 32000-2, 7.6) for files whose user password is empty: those that anyone
// may open and that only restrict printing and the like.
type crypt struct {
	key     []byte
	method  name // V2 (RC4), AESV2, AESV3, or Identity
	objects bool // the key depends on the object, as with all but AESV3
}

const padding = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

// decrypt finds the key, if the file is encrypted.
func (f *file) decrypt() error {
	e, ok := f.resolve(f.trailer["Encrypt"]).(dict)
	if !ok || f.crypt != nil {
		return nil
	}
	number := func(key name) int {
		n, _ := f.resolve(e[key]).(int)
		return n
	}
	str := func(key name) []byte {
		s, _ := f.resolve(e[key]).(text)
		return []byte(s)
	}
	if f.resolve(e["Filter"]) != name("Standard") {
		return ErrEncrypted
	}
	version, revision, length := number("V"), number("R"), number("Length")
	c := &crypt{method: "V2", objects: true}
	if version >= 4 {
		filters, _ := f.resolve(e["CF"]).(dict)
		used, _ := f.resolve(e["StmF"]).(name)
		filter, _ := f.resolve(filters[used]).(dict)
		c.method, _ = f.resolve(filter["CFM"]).(name)
		if c.method == "" || c.method == "None" || used == "Identity" {
			c.method = "Identity"
		}
		length = 128
	}
	if version <= 1 || length < 40 || length > 128 {
		length = 40
	}
	o, u := str("O"), str("U")
	switch {
	case version == 5 && (revision == 5 || revision == 6):
		ue := str("UE")
		if len(u) < 48 || len(ue) < 32 {
			return errors.New("the encryption dictionary is damaged")
		}
		hash := func(salt []byte) []byte {
			if revision == 5 {
				h := sha256.Sum256(salt)
				return h[:]
			}
			return hardHash(salt)
		}
		if !bytes.Equal(hash(u[32:40]), u[:32]) {
			return ErrEncrypted
		}
		block, err := aes.NewCipher(hash(u[40:48]))
		if err != nil {
			return err
		}
		c.key, c.objects = make([]byte, 32), false
		cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(c.key, ue[:32])
	case version >= 1 && version <= 4 && revision >= 2 && revision <= 4:
		if len(o) < 32 || len(u) < 16 {
			return errors.New("the encryption dictionary is damaged")
		}
		var id []byte
		if ids, ok := f.resolve(f.trailer["ID"]).(array); ok && len(ids) > 0 {
			first, _ := f.resolve(ids[0]).(text)
			id = []byte(first)
		}
		if !c.oldKey(o[:32], u, id, uint32(number("P")), revision, length/8, f.resolve(e["EncryptMetadata"]) == false) {
			return ErrEncrypted
		}
	default:
		return ErrEncrypted
	}
	f.crypt = c
	clear(f.cache) // objects read so far were not decrypted
	clear(f.packs)
	return nil
}

// oldKey computes the key of revisions 2 to 4 for the empty password, and reports whether that is the password.
func (c *crypt) oldKey(o, u, id []byte, permissions uint32, revision, size int, metadataInClear bool) bool {
	h := md5.New() //nolint:gosec // the file format asks for MD5 and RC4; nothing of ours relies on them
	h.Write([]byte(padding))
	h.Write(o)
	h.Write(binary.LittleEndian.AppendUint32(nil, permissions))
	h.Write(id)
	if revision >= 4 && metadataInClear {
		h.Write([]byte{0xFF, 0xFF, 0xFF, 0xFF})
	}
	key := h.Sum(nil)
	if revision == 2 {
		c.key = key[:5]
		return bytes.Equal(arc4(c.key, []byte(padding)), u[:min(32, len(u))])
	}
	for range 50 {
		sum := md5.Sum(key[:size]) //nolint:gosec // see above
		key = sum[:]
	}
	c.key = key[:size]
	h.Reset()
	h.Write([]byte(padding))
	h.Write(id)
	check := h.Sum(nil)
	for i := range 20 {
		k := bytes.Clone(c.key)
		for j := range k {
			k[j] ^= byte(i)
		}
		check = arc4(k, check)
	}
	return bytes.Equal(check, u[:16])
}

func arc4(key, data []byte) []byte {
	c, err := rc4.NewCipher(key) //nolint:gosec // see above
	if err != nil {
		return nil
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}

// hardHash is the hash of revision 6 (ISO 32000-2, algorithm 2.B) for the empty password: rounds of AES choose one of the
// SHA-2 hashes for the next.
func hardHash(salt []byte) []byte {
	first := sha256.Sum256(salt)
	k := first[:]
	for round := 0; ; round++ {
		e := bytes.Repeat(k, 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(e, e)
		sum := 0
		for _, b := range e[:16] {
			sum += int(b)
		}
		switch sum % 3 {
		case 0:
			h := sha256.Sum256(e)
			k = h[:]
		case 1:
			h := sha512.Sum384(e)
			k = h[:]
		default:
			h := sha512.Sum512(e)
			k = h[:]
		}
		if round >= 63 && int(e[len(e)-1]) <= round-31 {
			return k[:32]
		}
	}
}

// inClear reports whether a stream is not encrypted: a table of objects, or one with a filter of its own that leaves it as it is (ISO 32000-2, 7.4.10).
func (f *file) inClear(d dict) bool {
	if d["Type"] == name("XRef") {
		return true
	}
	filters, parms := f.list(d["Filter"]), f.list(d["DecodeParms"])
	if len(filters) == 0 || f.resolve(filters[0]) != name("Crypt") {
		return false
	}
	var parm any
	if len(parms) > 0 {
		parm = f.resolve(parms[0])
	}
	used, _ := parm.(dict)
	method := f.resolve(used["Name"])
	return parm == nil || method == nil || method == name("Identity")
}

// strings decrypts the strings in an object.
func (c *crypt) strings(r ref, o any, depth int) any {
	if depth > maxDepth {
		return o
	}
	switch o := o.(type) {
	case text:
		return text(c.bytes(r, []byte(o)))
	case array:
		for i := range o {
			o[i] = c.strings(r, o[i], depth+1)
		}
	case dict:
		for k := range o {
			o[k] = c.strings(r, o[k], depth+1)
		}
	}
	return o
}

func (c *crypt) bytes(r ref, data []byte) []byte {
	key := c.key
	if c.objects {
		h := md5.New() //nolint:gosec // see above
		h.Write(key)
		h.Write([]byte{byte(r.num), byte(r.num >> 8), byte(r.num >> 16), byte(r.gen), byte(r.gen >> 8)})
		if c.method == "AESV2" {
			h.Write([]byte("sAlT"))
		}
		key = h.Sum(nil)[:min(len(key)+5, 16)]
	}
	switch c.method {
	case "V2":
		return arc4(key, data)
	case "AESV2", "AESV3":
		block, err := aes.NewCipher(key)
		if err != nil || len(data) < 32 {
			return nil
		}
		iv, body := data[:16], data[16:len(data)-len(data)%16]
		out := make([]byte, len(body))
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, body)
		if pad := int(out[len(out)-1]); pad <= 16 {
			out = out[:len(out)-pad]
		}
		return out
	}
	return data
}
