#include "build/keys.h"

#include "base/path.h"
#include "binfo/buildid.h"
#include "build/builder.h"
#include "build/tool.h"
#include "codec/hex.h"
#include "load/modinfo.h"

static void
trace(struct hm_key *k, hm_str text)
{
	struct hm_buf q = { 0 };

	hm_buf_quote(&q, text);
	hm_log(k->keys->log, HM_LOG_INFO, "HASH[" HM_F "]: " HM_F, HM_P(hm_buf_str(&k->name)),
	       HM_P(hm_buf_str(&q)));
	hm_buf_free(&q);
}

void
hm_key_init(struct hm_key *k, const struct hm_keys *keys, const char *kind, hm_str name)
{
	*k = (struct hm_key){ .keys = keys };
	hm_sha256_init(&k->sha);
	if (keys->trace) {
		hm_buf_printf(&k->name, "%s" HM_F, kind, HM_P(name));
		hm_log(keys->log, HM_LOG_INFO, "HASH[" HM_F "]", HM_P(hm_buf_str(&k->name)));
	}
	hm_buf_adds(&k->line, keys->salt);
	hm_key_write(k);
}

void
hm_key_write(struct hm_key *k)
{
	hm_sha256_add(&k->sha, k->line.p, k->line.n);
	if (k->keys->trace)
		trace(k, hm_buf_str(&k->line));
	hm_buf_clear(&k->line);
}

void
hm_key_printf(struct hm_key *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	hm_buf_vprintf(&k->line, fmt, ap);
	va_end(ap);
	hm_key_write(k);
}

static void
log_sum(const struct hm_keys *keys, hm_str what, const uint8_t id[HM_HASH_SIZE])
{
	struct hm_buf hex = { 0 };

	if (!keys->trace)
		return;
	hm_hex_add(&hex, id, HM_HASH_SIZE);
	hm_log(keys->log, HM_LOG_INFO, "HASH" HM_F HM_F, HM_P(what), HM_P(hm_buf_str(&hex)));
	hm_buf_free(&hex);
}

void
hm_key_sum(struct hm_key *k, uint8_t id[HM_HASH_SIZE])
{
	hm_sha256_final(&k->sha, id);
	if (k->keys->trace) {
		hm_buf_prepend(&k->name, HM_S("["));
		hm_buf_addz(&k->name, "]: ");
		log_sum(k->keys, hm_buf_str(&k->name), id);
	}
	hm_buf_free(&k->name);
	hm_buf_free(&k->line);
}

void
hm_key_subkey(const struct hm_keys *keys, const uint8_t parent[HM_HASH_SIZE], const char *desc,
              uint8_t id[HM_HASH_SIZE])
{
	struct hm_sha256 h;

	hm_sha256_init(&h);
	hm_sha256_adds(&h, HM_S("subkey:"));
	hm_sha256_add(&h, parent, HM_HASH_SIZE);
	hm_sha256_adds(&h, hm_str_of(desc));
	hm_sha256_final(&h, id);
	if (keys->trace) {
		struct hm_buf b = { 0 };

		hm_buf_addz(&b, " subkey ");
		hm_hex_add(&b, parent, HM_HASH_SIZE);
		hm_buf_printf(&b, " \"%s\" = ", desc);
		log_sum(keys, hm_buf_str(&b), id);
		hm_buf_free(&b);
	}
}

hm_str
hm_key_action_part(hm_str build_id)
{
	hm_str first, rest;

	hm_str_cut(build_id, '/', &first, &rest);
	return first;
}

hm_str
hm_key_content_part(hm_str build_id)
{
	return hm_str_from(build_id, (size_t)(hm_str_rindex_byte(build_id, '/') + 1));
}

hm_str
hm_builder_file_hash(struct hm_builder *b, struct hm_arena *a, hm_str path)
{
	uint8_t sum[HM_HASH_SIZE];
	char text[HM_BUILDID_HASH_LEN + 1];
	struct hm_err err = { 0 };

	if (hm_memo_hash(b->memo, path.p, sum, &err)) {
		if (b->keys.trace)
			hm_log(b->keys.log, HM_LOG_INFO, "HASH " HM_F ": " HM_F, HM_P(path),
			       HM_P(hm_err_str(&err)));
		hm_err_free(&err);
		return HM_S("");
	}
	if (b->keys.trace)
		log_sum(&b->keys, hm_arena_printf(a, " " HM_F ": ", HM_P(path)), sum);
	hm_buildid_hash_text(sum, text);
	return hm_arena_dup(a, hm_str_make(text, HM_BUILDID_HASH_LEN));
}

/* "%q" of a list of strings. */
static void
add_list(struct hm_buf *b, const struct hm_strs *s)
{
	hm_buf_addc(b, '[');
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			hm_buf_addc(b, ' ');
		hm_buf_quote(b, s->v[i]);
	}
	hm_buf_addc(b, ']');
}

static void
write_quoted(struct hm_key *k, const char *word, hm_str value)
{
	hm_buf_printf(&k->line, "%s ", word);
	hm_buf_quote(&k->line, value);
	hm_buf_addc(&k->line, '\n');
	hm_key_write(k);
}

/* Lines that the keys of compiles and links share. */
static void
write_package(struct hm_key *k, const struct hm_pkg *p)
{
	write_quoted(k, "import", p->import_path);
	hm_key_printf(k, "omitdebug %s standard %s local %s prefix \"\"\n",
	              hm_unit_of(p)->omit_debug ? "true" : "false", p->standard ? "true" : "false",
	              p->local ? "true" : "false");
}

static void
write_experiment(struct hm_builder *b, struct hm_key *k)
{
	hm_key_printf(k, HM_F "=" HM_F "\n", HM_P(b->arch_key), HM_P(b->arch_val));
	if (b->goexperiment.n) {
		hm_buf_addz(&k->line, "GOEXPERIMENT=");
		hm_buf_quote(&k->line, b->goexperiment);
		hm_buf_addc(&k->line, '\n');
		hm_key_write(k);
	}
}

static void
write_files(struct hm_builder *b, struct hm_arena *a, struct hm_key *k, const struct hm_pkg *p)
{
	const struct hm_strs *const list[] = {
		&p->go_files, &p->cgo_files, &p->c_files, &p->cxx_files, &p->f_files, &p->m_files,
		&p->h_files, &p->s_files, &p->syso_files, &p->swig_files, &p->swigcxx_files,
		&p->embed_files,
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		for (size_t j = 0; j < list[i]->n; j++) {
			hm_str f = list[i]->v[j];

			hm_key_printf(k, "file " HM_F " " HM_F "\n", HM_P(f),
			              HM_P(hm_builder_file_hash(b, a, hm_path_join(a, p->dir, f))));
		}
}

/* Where the package's files come from, as far as it shows in its object file. */
static void
write_origin(struct hm_builder *b, struct hm_key *k, const struct hm_pkg *p)
{
	if (b->o.trimpath) {
		if (p->module)
			hm_key_printf(k, "module " HM_F "@" HM_F "\n", HM_P(p->module->path),
			              HM_P(p->module->version));
	} else if (!p->goroot && !hm_str_has_prefix(p->dir, b->workdir)) {
		hm_key_printf(k, "dir " HM_F "\n", HM_P(p->dir));
	}
	if (p->module)
		hm_key_printf(k, "go " HM_F "\n", HM_P(p->module->go_version));
}

static int
write_tools(struct hm_builder *b, struct hm_key *k, const struct hm_pkg *p, struct hm_err *err)
{
	/* Variables that the compiler reads on its own; `go env -w` does not know them. */
	static const char *const magic[] = { "GOCLOBBERDEADHASH", "GOSSAFUNC", "GOSSADIR",
		                                 "GOCOMPILEDEBUG" };
	const struct hm_unit *u = hm_unit_of(p);
	hm_str id;

	if (hm_toolchain_tool_id(b->tc, "compile", &id, err))
		return -1;
	hm_buf_printf(&k->line, "compile " HM_F " ", HM_P(id));
	add_list(&k->line, &b->forced_gcflags);
	hm_buf_addc(&k->line, ' ');
	add_list(&k->line, &u->gcflags);
	hm_buf_addc(&k->line, '\n');
	hm_key_write(k);
	if (p->s_files.n) {
		if (hm_toolchain_tool_id(b->tc, "asm", &id, err))
			return -1;
		hm_buf_addz(&k->line, "asm ");
		hm_buf_quote(&k->line, id);
		hm_buf_addc(&k->line, ' ');
		add_list(&k->line, &b->forced_asmflags);
		hm_buf_addc(&k->line, ' ');
		add_list(&k->line, &u->asmflags);
		hm_buf_addc(&k->line, '\n');
		hm_key_write(k);
	}
	write_experiment(b, k);
	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++) {
		hm_str v = hm_env_or_empty(&b->o.conf->env, magic[i]);

		if (v.n)
			hm_key_printf(k, "magic %s=" HM_F "\n", magic[i], HM_P(v));
	}
	return 0;
}

static int
compile_key(struct hm_builder *b, struct hm_action *a, uint8_t id[HM_HASH_SIZE],
            struct hm_err *err)
{
	const struct hm_pkg *p = a->pkg;
	const struct hm_unit *u = hm_unit_of(p);
	struct hm_key k;
	int rc;

	hm_key_init(&k, &b->keys, "build ", p->import_path);
	hm_key_printf(&k, "compile\n");
	write_origin(b, &k, p);
	hm_key_printf(&k, "goos " HM_F " goarch " HM_F "\n", HM_P(b->goos), HM_P(b->goarch));
	write_package(&k, p);
	if (b->o.trimpath)
		hm_key_printf(&k, "trimpath\n");
	if (p->force_library)
		hm_key_printf(&k, "forcelibrary\n");
	if (u->modinfo.p)
		write_quoted(&k, "modinfo", u->modinfo);
	rc = write_tools(b, &k, p, err);
	write_files(b, &a->arena, &k, p);
	for (size_t i = 0; i < a->deps.n; i++) {
		const struct hm_action *d = a->deps.v[i];

		if (d->pkg)
			hm_key_printf(&k, "import " HM_F " " HM_F "\n", HM_P(d->pkg->import_path),
			              HM_P(hm_key_content_part(d->build_id)));
		if (d->kind == HM_ACT_PROFILE) /* before 1.23: the profile as it is, see action.c */
			hm_key_printf(&k, "pgofile " HM_F "\n",
			              HM_P(hm_builder_file_hash(b, &a->arena, d->built)));
	}
	hm_key_sum(&k, id);
	return rc;
}

static int
link_key(struct hm_builder *b, struct hm_action *a, uint8_t id[HM_HASH_SIZE], struct hm_err *err)
{
	const struct hm_pkg *p = a->pkg;
	struct hm_key k;
	hm_str tool;
	int rc;

	hm_key_init(&k, &b->keys, "link ", p->import_path);
	hm_key_printf(&k, "link\n");
	hm_key_printf(&k, "buildmode " HM_F " goos " HM_F " goarch " HM_F "\n",
	              HM_P(b->o.buildmode), HM_P(b->goos), HM_P(b->goarch));
	write_package(&k, p);
	if (b->tc->minor >= 24)
		write_quoted(&k, "defaultgodebug", p->default_godebug);
	if (b->o.trimpath)
		hm_key_printf(&k, "trimpath\n");
	rc = hm_toolchain_tool_id(b->tc, "link", &tool, err);
	if (rc == 0) {
		hm_buf_printf(&k.line, "link " HM_F " ", HM_P(tool));
		add_list(&k.line, &b->forced_ldflags);
		hm_buf_printf(&k.line, " " HM_F "\n", HM_P(b->ld_buildmode));
		hm_key_write(&k);
	}
	hm_buf_addz(&k.line, "linkflags ");
	add_list(&k.line, &hm_unit_of(p)->ldflags);
	hm_buf_addc(&k.line, '\n');
	hm_key_write(&k);
	write_experiment(b, &k);
	/* The linker writes GOROOT into paths unless they are trimmed. */
	hm_key_printf(&k, "GOROOT=" HM_F "\n", HM_P(hm_tool_goroot(b)));
	hm_key_printf(&k, "GO_EXTLINK_ENABLED=" HM_F "\n",
	              HM_P(hm_conf_get(b->o.conf, "GO_EXTLINK_ENABLED")));
	for (size_t i = 0; i < a->deps.n; i++) {
		const struct hm_action *d = a->deps.v[i];

		if (!d->pkg)
			continue;
		if (d->built.n || d->build_id.n)
			hm_key_printf(&k, "packagefile " HM_F "=" HM_F "\n",
			              HM_P(d->pkg->import_path),
			              HM_P(hm_key_content_part(d->build_id)));
		if (hm_str_eqz(d->pkg->name, "main"))
			hm_key_printf(&k, "packagemain " HM_F "\n", HM_P(d->build_id));
	}
	hm_key_sum(&k, id);
	return rc;
}

static int
profile_key(struct hm_builder *b, struct hm_action *a, uint8_t id[HM_HASH_SIZE],
            struct hm_err *err)
{
	struct hm_key k;
	hm_str tool;
	int rc;

	hm_key_init(&k, &b->keys, "preprocess PGO profile ", a->profile);
	hm_key_printf(&k, "preprocess PGO profile\n");
	rc = hm_toolchain_tool_id(b->tc, "preprofile", &tool, err);
	if (rc == 0)
		hm_key_printf(&k, "preprofile " HM_F "\n", HM_P(tool));
	write_quoted(&k, "input", hm_builder_file_hash(b, &a->arena, a->profile));
	hm_key_sum(&k, id);
	return rc;
}

int
hm_key_of_action(struct hm_builder *b, struct hm_action *a, uint8_t id[HM_HASH_SIZE],
                 struct hm_err *err)
{
	switch (a->kind) {
	case HM_ACT_COMPILE:
		return compile_key(b, a, id, err);
	case HM_ACT_LINK:
		return link_key(b, a, id, err);
	case HM_ACT_PROFILE:
		return profile_key(b, a, id, err);
	case HM_ACT_GROUP:
	case HM_ACT_BUILTIN:
	case HM_ACT_INSTALL:
		break;
	}
	return hm_err_set(err, HM_EINTERNAL, "internal error: an action without a key");
}
