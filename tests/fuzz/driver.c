/*
 * driver.c - runs a fuzz target without a fuzzer, for the tests: every seed as it is,
 * then mutations of the seeds from a fixed random sequence.
 *
 *	fuzz_x [-n RUNS] SEED...     SEED: a file or a folder of files
 *
 * The same targets run under libFuzzer (clang -fsanitize=fuzzer) and AFL++; this
 * driver only makes sure that they stay sound, above all in the sanitizer build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEEDS_MAX = 4096, SIZE_MAX_ = 1 << 16 };

struct seed {
	uint8_t *p;
	size_t n;
};

static struct seed seeds[SEEDS_MAX];
static size_t n_seeds;
static uint64_t state = 0x9e3779b97f4a7c15u;

static uint32_t
rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

static void
add_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct seed s = { malloc(SIZE_MAX_), 0 };

	if (!f || !s.p || n_seeds == SEEDS_MAX) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(2);
	}
	s.n = fread(s.p, 1, SIZE_MAX_, f);
	fclose(f);
	seeds[n_seeds++] = s;
}

static void
add(const char *path)
{
	struct dirent **e;
	struct stat st;
	char name[4096];
	int n;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		add_file(path);
		return;
	}
	n = scandir(path, &e, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (e[i]->d_name[0] != '.') {
			snprintf(name, sizeof(name), "%s/%s", path, e[i]->d_name);
			add(name);
		}
		free(e[i]);
	}
	if (n >= 0)
		free(e);
}

/* A copy of a seed with some of it changed; exactly sized, so that overreads are seen. */
static uint8_t *
mutate(size_t *size)
{
	static const char *const words[] = { "\n",   "//",	    "\"",   "(",	  ")",
					     " => ", "v1.0.0",	    "\xff", "0",	  "-1",
					     "\0",   "99999999999", "/../", "PK\x01\x02", "\r\n" };
	const struct seed *s = &seeds[rnd((uint32_t)n_seeds)], *t = &seeds[rnd((uint32_t)n_seeds)];
	static uint8_t b[2 * SIZE_MAX_];
	size_t n = s->n;
	uint8_t *out;

	memcpy(b, s->p, n);
	for (uint32_t k = 1 + rnd(6); k > 0; k--) {
		size_t at = n ? rnd((uint32_t)n) : 0, len;
		const char *w;

		switch (rnd(6)) {
		case 0: /* a bit */
			if (n)
				b[at] ^= (uint8_t)(1u << rnd(8));
			break;
		case 1: /* a byte */
			if (n)
				b[at] = (uint8_t)rnd(256);
			break;
		case 2: /* cut out */
			len = n ? rnd((uint32_t)(n - at)) : 0;
			memmove(b + at, b + at + len, n - at - len);
			n -= len;
			break;
		case 3: /* a word put in */
			w = words[rnd(sizeof(words) / sizeof(*words))];
			len = strlen(w) ? strlen(w) : 1;
			if (n + len < SIZE_MAX_) {
				memmove(b + at + len, b + at, n - at);
				memcpy(b + at, w, len);
				n += len;
			}
			break;
		case 4: /* the end of another seed */
			len = t->n ? rnd((uint32_t)t->n) : 0;
			if (at + len < SIZE_MAX_) {
				memcpy(b + at, t->p + t->n - len, len);
				n = at + len;
			}
			break;
		default: /* the end cut off */
			n = at;
		}
	}
	out = malloc(n ? n : 1);
	if (!out)
		exit(2);
	memcpy(out, b, n);
	*size = n;
	return out;
}

int
main(int argc, char **argv)
{
	long runs = 20000;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		runs = atol(argv[2]);
		i = 3;
	}
	for (; i < argc; i++)
		add(argv[i]);
	if (n_seeds == 0) {
		fprintf(stderr, "no seeds\n");
		return 2;
	}
	for (size_t k = 0; k < n_seeds; k++)
		LLVMFuzzerTestOneInput(seeds[k].p, seeds[k].n);
	for (long k = 0; k < runs; k++) {
		size_t n;
		uint8_t *p = mutate(&n);

		LLVMFuzzerTestOneInput(p, n);
		free(p);
	}
	printf("ok 1 - %zu seeds, %ld mutations\n", n_seeds, runs);
	for (size_t k = 0; k < n_seeds; k++)
		free(seeds[k].p);
	return 0;
}
