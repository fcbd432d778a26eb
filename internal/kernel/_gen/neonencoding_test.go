// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// Every encoding that the emitter computes, against what GNU as 2.40 assembles
// from the comment (-march=armv8.6-a).
func TestNEONEncodings(t *testing.T) {
	for _, c := range []struct {
		text      string
		got, want uint32
	}{
		{"fadd v31.4s, v1.4s, v16.4s", fadd.encode(31, 1, 16), 0x4e30d43f},
		{"fsub v2.4s, v17.4s, v8.4s", fsub.encode(2, 17, 8), 0x4ea8d622},
		{"fabd v5.4s, v6.4s, v7.4s", fabd.encode(5, 6, 7), 0x6ea7d4c5},
		{"fmul v5.4s, v30.4s, v29.4s", fmul.encode(5, 30, 29), 0x6e3ddfc5},
		{"fdiv v4.4s, v21.4s, v22.4s", fdiv.encode(4, 21, 22), 0x6e36fea4},
		{"fmla v0.4s, v31.4s, v15.4s", fmla.encode(0, 31, 15), 0x4e2fcfe0},
		{"fmls v25.4s, v6.4s, v19.4s", fmls.encode(25, 6, 19), 0x4eb3ccd9},
		{"add v16.4s, v3.4s, v29.4s", add.encode(16, 3, 29), 0x4ebd8470},
		{"mul v7.4s, v18.4s, v10.4s", mul.encode(7, 18, 10), 0x4eaa9e47},
		{"cmhs v12.4s, v5.4s, v26.4s", cmhs.encode(12, 5, 26), 0x6eba3cac},
		{"fsqrt v11.4s, v20.4s", fsqrt.encode(1, 11, 20), 0x6ea1fa8b},
		{"fmax v9.4s, v10.4s, v11.4s", fmax.encode(9, 10, 11), 0x4e2bf549},
		{"fmin v9.4s, v10.4s, v11.4s", fmin.encode(9, 10, 11), 0x4eabf549},
		{"fmla v0.4s, v28.4s, v8.s[0]", fmlaLane.encode(0, 28, 8, 0), 0x4f881380},
		{"fmla v23.4s, v31.4s, v29.s[3]", fmlaLane.encode(23, 31, 29, 3), 0x4fbd1bf7},
		{"fmul v7.4s, v2.4s, v17.s[2]", fmulLane.encode(7, 2, 17, 2), 0x4f919847},
		{"sdot v23.4s, v31.16b, v29.4b[1]", sdotLane.encode(23, 31, 29, 1), 0x4fbde3f7},
		{"bfdot v3.4s, v30.8h, v20.2h[2]", bfdotLane.encode(3, 30, 20, 2), 0x4f54fbc3},
		{"fcvtns v4.4s, v30.4s", fcvtns.encode(1, 4, 30), 0x4e21abc4},
		{"scvtf v17.4s, v3.4s", scvtf.encode(1, 17, 3), 0x4e21d871},
		{"bfcvtn v5.4h, v19.4s", bfcvtn.encode(0, 5, 19), 0x0ea16a65},
		{"bfcvtn2 v21.8h, v2.4s", bfcvtn.encode(1, 21, 2), 0x4ea16855},
		{"fmaxv s3, v20.4s", fmaxLanes.encode(3, 20), 0x6e30fa83},
		{"fminv s24, v9.4s", fminLanes.encode(24, 9), 0x6eb0f938},
		{"faddp s20, v21.2s", encodeScalarPairwise(1, 0b00, 0b01101, 20, 21), 0x7e30dab4},
		{"uaddlp v3.8h, v17.16b", uaddlp.encode(1, 3, 17), 0x6e202a23},
		{"uadalp v16.4s, v3.8h", uadalp.encode(1, 16, 3), 0x6e606870},
		{"sadalp v31.4s, v8.8h", sadalp.encode(1, 31, 8), 0x4e60691f},
		{"fcvtl v3.4s, v12.4h", fcvtl.encode(0, 3, 12), 0x0e217983},
		{"fcvtl2 v2.4s, v13.8h", fcvtl.encode(1, 2, 13), 0x4e2179a2},
		{"fcvtn v4.4h, v19.4s", fcvtn.encode(0, 4, 19), 0x0e216a64},
		{"fcvtn2 v4.8h, v2.4s", fcvtn.encode(1, 4, 2), 0x4e216844},
		{"smull v8.8h, v1.8b, v22.8b", smull.encode(8, 1, 22), 0x0e36c028},
		{"smull2 v8.8h, v1.16b, v22.16b", smull2.encode(8, 1, 22), 0x4e36c028},
		{"sdot v17.4s, v1.16b, v22.16b", sdot.encode(17, 1, 22), 0x4e969431},
	} {
		if c.got != c.want {
			t.Errorf("%s is %08x, want %08x", c.text, c.got, c.want)
		}
	}
}
