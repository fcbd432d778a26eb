// Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0

package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestEncodingsAgainstDefinition: the score of each row, by Gather and by Scan, is the metric of the query and of what the
// row's bytes stand for, computed in float64, within the stated part of the vectors' lengths.
func TestEncodingsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	const n = 70
	for _, dim := range []int{1, 7, 64, 130} {
		rows, q := clustered(r, n, dim), randomRows(r, 1, dim)
		clear(rows[3*dim : 4*dim])
		for _, m := range metrics {
			for _, c := range []struct {
				spec  string
				bound float64 // of the error, as a part of |q|·|r|, or of |q|+|r| under Euclidean
			}{
				{"flat", 1e-5},
				{"flat,fp16,none", 1e-5},
				// Half a step of the query's 127, in the worst direction: √dim/254 of its largest component.
				{"flat,int8,none", 0.02},
				{"flat,pq1", 1e-5},
				{"flat,pq", 1e-5},
			} {
				x := mustIndex(t, rows, dim, m, c.spec)
				prepared := prepare(q, dim, m)
				// What the rows stand for, which is tested for by TestEncodingErrors.
				stored := make([]float32, 0, n*dim)
				for i := range n {
					stored = append(stored, decoded(x.coarse, i)...)
				}
				want := naiveStored(m, prepared, stored, dim)
				if strings.Contains(c.spec, "pq") && m == Cosine {
					for i, minus := range naive(Euclidean, prepared, stored, dim) {
						want[i] = 1 - minus*minus/2
					}
				}
				name := fmt.Sprintf("%s, %s, dim %d", c.spec, m, dim)
				scorer := x.coarse.Query(prepared)
				scan, gather := make([]float32, n-1), make([]float32, n)
				ids := make([]uint32, n)
				for i := range ids {
					ids[i] = uint32(i * 11 % n)
				}
				if err := scorer.Scan(scan, 1); err != nil {
					t.Fatal(err)
				}
				if err := scorer.Gather(gather, ids); err != nil {
					t.Fatal(err)
				}
				for i, id := range ids {
					if id > 0 && gather[i] != scan[id-1] {
						t.Fatalf("%s: row %d: Gather gives %v, Scan %v", name, id, gather[i], scan[id-1])
					}
					length := math.Sqrt(square(prepared)) * math.Sqrt(square(stored[int(id)*dim:(int(id)+1)*dim]))
					if r, ok := x.coarse.(*byteRows); ok { // rounded without its center
						length += math.Sqrt(square(prepared) * r.square)
					}
					if m == Euclidean {
						length = math.Sqrt(square(prepared)) + math.Sqrt(square(stored[int(id)*dim:(int(id)+1)*dim]))
					}
					if math.Abs(float64(gather[i])-want[id]) > c.bound*length+1e-6 {
						t.Errorf("%s: row %d scores %v, by definition %v", name, id, gather[i], want[id])
					}
				}
			}
		}
	}
}

// decoded is what a row stands for.
func decoded(st Storage, i int) []float32 {
	if p, ok := st.(*pqRows); ok {
		v := make([]float32, p.Dim())
		p.book.decode(v, p.codes[i*p.stride:(i+1)*p.stride])
		return v
	}
	return slices.Clone(sourceOf(st).Row(i))
}

// naiveStored is naive for vectors that are normalised as far as they are to be.
func naiveStored(m Metric, q, rows []float32, dim int) []float64 {
	if m == Cosine {
		m = Dot
	}
	return naive(m, q, rows, dim)
}

// TestEncodingErrors: how far what a row stands for is from the vector it was made of.
func TestEncodingErrors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float32Range(-1000, 1000), 1, 100).Draw(t, "vector")
		codes := make([]int8, int8Stride(len(v)))
		scale, squares := encodeInt8(codes, v)
		var largest, sum float64
		for _, x := range v {
			largest = max(largest, math.Abs(float64(x)))
		}
		for i, x := range v {
			back := float64(codes[i]) * float64(scale)
			sum += back * back
			if math.Abs(back-float64(x)) > largest/254*1.001 {
				t.Fatalf("int8: %v stands for %v, largest %v", back, x, largest)
			}
		}
		if math.Abs(sum-float64(squares)) > 1e-5*sum+math.SmallestNonzeroFloat32 {
			t.Fatalf("int8: squared length %v, want %v", squares, sum)
		}
		again := make([]int8, len(codes))
		decoded := make([]float32, len(v))
		for i := range v {
			decoded[i] = float32(codes[i]) * scale
		}
		if encodeInt8(again, decoded); !slices.Equal(again, codes) && scale > math.SmallestNonzeroFloat32*1e7 {
			t.Fatalf("int8: %v encodes to %v, then to %v", v, codes, again)
		}
		half := make([]uint16, float16Stride(len(v))/2)
		if err := encodeFloat16(half, v, 0); err != nil {
			t.Fatal(err)
		}
		h := newHalfRows(table{n: 1, stride: 2 * len(half)}, half, len(v), Dot)
		for i, x := range h.Row(0) {
			if math.Abs(float64(x-v[i])) > math.Abs(float64(v[i]))*0x1p-11+0x1p-24 {
				t.Fatalf("fp16: %v stands for %v", x, v[i])
			}
		}
	})
}

// TestRowQueries: a row as the query scores as what it stands for; scorers are used again.
func TestRowQueries(t *testing.T) {
	r := rand.New(rand.NewPCG(27, 28))
	const n, dim = 50, 70
	rows := clustered(r, n, dim)
	for _, m := range metrics {
		for _, spec := range []string{"flat", "flat,fp16", "flat,int8", "flat,pq10", "flat,binary", "ivf4,int8,none"} {
			x := mustIndex(t, rows, dim, m, spec)
			st := x.coarse
			if spec == "ivf4,int8,none" {
				st = x.fine
			}
			var reused Scorer
			for row := range n {
				reused = st.RowQueryInto(row, reused)
				a, b := make([]float32, n), make([]float32, n)
				if err := reused.Scan(a, 0); err != nil {
					t.Fatal(err)
				}
				if err := st.RowQuery(row).Scan(b, 0); err != nil || !slices.Equal(a, b) {
					t.Fatalf("%s, %s, row %d: a scorer used again gives %v, a new one %v, %v", spec, m, row, a, b, err)
				}
				best := 0
				for i, s := range a {
					if s > a[best] {
						best = i
					}
				}
				if m != Dot && a[row] < a[best]-1e-3 {
					t.Errorf("%s, %s: row %d scores %v with itself, %v with row %d", spec, m, row, a[row], a[best], best)
				}
			}
			if err := st.RowQuery(n).Scan(make([]float32, 1), 0); err == nil {
				t.Errorf("%s: a row beyond the end as the query", spec)
			}
			if err := st.RowQuery(0).Gather(make([]float32, 1), []uint32{n}); err == nil {
				t.Errorf("%s: a row beyond the end is scored", spec)
			}
			if err := st.RowQuery(0).Scan(make([]float32, 2), n-1); err == nil {
				t.Errorf("%s: rows beyond the end are scored", spec)
			}
		}
	}
}

// TestKMeans: points end up in the middle of clusters that lie far apart, whatever the threads.
func TestKMeans(t *testing.T) {
	r := rand.New(rand.NewPCG(29, 30))
	const clusters, each, dim = 12, 40, 6
	rows := make([]float32, 0, clusters*each*dim)
	for c := range clusters {
		for range each {
			for j := range dim {
				rows = append(rows, float32(100*c*(j%3+1))+float32(r.NormFloat64()))
			}
		}
	}
	var first []float32
	for _, threads := range []int{1, 3} {
		points, err := kMeans(t.Context(), rows, clustering{k: clusters, dim: dim, stride: dim, iterations: 10, seed: 1, threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !slices.Equal(points, first) {
			t.Error("the number of threads changes the points")
		}
		first = points
		found := map[int]bool{}
		for p := range clusters {
			found[int(math.Round(float64(points[p*dim])/100))] = true
		}
		if len(found) != clusters {
			t.Errorf("%d of %d clusters found: %v", len(found), clusters, points)
		}
	}
	if points, err := kMeans(t.Context(), rows[:dim*3], clustering{k: 8, dim: dim, stride: dim, iterations: 3}); err != nil || checkFinite("", points, dim) != nil {
		t.Errorf("more points than rows: %v, %v", points, err)
	}
}
