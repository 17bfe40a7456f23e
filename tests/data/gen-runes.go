//go:build ignore

// Writes src/base/rune-tables.h: the character classes of the Unicode version
// of the Go release that runs it.  Usage: go run tests/data/gen-runes.go > src/base/rune-tables.h
package main

import (
	"fmt"
	"strconv"
	"unicode"
)

func ranges(name string, in func(rune) bool) {
	fmt.Printf("static const uint32_t %s[][2] = {\n", name)
	n := 0
	open := rune(-1)
	for r := rune(0x80); r <= unicode.MaxRune+1; r++ {
		ok := r <= unicode.MaxRune && in(r)
		if ok && open < 0 {
			open = r
		}
		if !ok && open >= 0 {
			sep := " "
			if n%4 == 0 {
				sep = "\t"
			}
			fmt.Printf("%s{ 0x%x, 0x%x },", sep, open, r-1)
			if n++; n%4 == 0 {
				fmt.Println()
			}
			open = -1
		}
	}
	if n%4 != 0 {
		fmt.Println()
	}
	fmt.Print("};\n\n")
}

func pairs(name string, to func(rune) rune) {
	fmt.Printf("static const uint32_t %s[][2] = {\n", name)
	n := 0
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if t := to(r); t != r {
			sep := " "
			if n%4 == 0 {
				sep = "\t"
			}
			fmt.Printf("%s{ 0x%x, 0x%x },", sep, r, t)
			if n++; n%4 == 0 {
				fmt.Println()
			}
		}
	}
	if n%4 != 0 {
		fmt.Println()
	}
	fmt.Print("};\n\n")
}

func main() {
	fmt.Printf("/* Unicode %s; written by tests/data/gen-runes.go, not by hand. */\n\n", unicode.Version)
	ranges("print_ranges", strconv.IsPrint)
	ranges("letter_ranges", unicode.IsLetter)
	ranges("digit_ranges", unicode.IsDigit)
	ranges("upper_ranges", unicode.IsUpper)
	ranges("space_ranges", unicode.IsSpace)
	pairs("lower_pairs", unicode.ToLower)
	pairs("upper_pairs", unicode.ToUpper)
	pairs("fold_pairs", unicode.SimpleFold)
}
