/* Nodes as go prints them in errors (text/template/parse node.go). */
#include "load/template_priv.h"

static void print_node(struct hm_buf *b, const struct hm_tnode *n);

static void
print_joined(struct hm_buf *b, const struct hm_tnodes *list, const char *sep)
{
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			hm_buf_addz(b, sep);
		print_node(b, list->v[i]);
	}
}

static void
print_in_parens(struct hm_buf *b, const struct hm_tnode *n)
{
	bool pipe = n->kind == HM_TN_PIPE;

	hm_buf_addz(b, pipe ? "(" : "");
	print_node(b, n);
	hm_buf_addz(b, pipe ? ")" : "");
}

static void
print_idents(struct hm_buf *b, const struct hm_strs *idents, size_t from)
{
	for (size_t i = from; i < idents->n; i++) {
		hm_buf_addc(b, '.');
		hm_buf_adds(b, idents->v[i]);
	}
}

static void
print_control(struct hm_buf *b, const struct hm_tnode *n, const char *name)
{
	hm_buf_printf(b, "{{%s ", name);
	print_node(b, n->pipe);
	hm_buf_addz(b, "}}");
	print_node(b, n->body);
	if (n->other) {
		hm_buf_addz(b, "{{else}}");
		print_node(b, n->other);
	}
	hm_buf_addz(b, "{{end}}");
}

static void
print_node(struct hm_buf *b, const struct hm_tnode *n)
{
	switch (n->kind) {
	case HM_TN_TEXT:
	case HM_TN_IDENT:
	case HM_TN_NUMBER:
	case HM_TN_STRING:
		hm_buf_adds(b, n->text);
		break;
	case HM_TN_ACTION:
		hm_buf_addz(b, "{{");
		print_node(b, n->pipe);
		hm_buf_addz(b, "}}");
		break;
	case HM_TN_PIPE:
		print_joined(b, &n->decl, ", ");
		if (n->decl.n > 0)
			hm_buf_addz(b, n->is_assign ? " = " : " := ");
		print_joined(b, &n->list, " | ");
		break;
	case HM_TN_COMMAND:
		for (size_t i = 0; i < n->list.n; i++) {
			if (i > 0)
				hm_buf_addc(b, ' ');
			print_in_parens(b, n->list.v[i]);
		}
		break;
	case HM_TN_VARIABLE:
		hm_buf_adds(b, n->idents.v[0]);
		print_idents(b, &n->idents, 1);
		break;
	case HM_TN_FIELD:
		print_idents(b, &n->idents, 0);
		break;
	case HM_TN_CHAIN:
		print_in_parens(b, n->pipe);
		print_idents(b, &n->idents, 0);
		break;
	case HM_TN_DOT:
		hm_buf_addc(b, '.');
		break;
	case HM_TN_NIL:
		hm_buf_addz(b, "nil");
		break;
	case HM_TN_BOOL:
		hm_buf_addz(b, n->truth ? "true" : "false");
		break;
	case HM_TN_LIST:
		print_joined(b, &n->list, "");
		break;
	case HM_TN_IF:
		print_control(b, n, "if");
		break;
	case HM_TN_WITH:
		print_control(b, n, "with");
		break;
	case HM_TN_RANGE:
		print_control(b, n, "range");
		break;
	case HM_TN_TEMPLATE:
		hm_buf_addz(b, "{{template ");
		hm_buf_quote(b, n->value);
		if (n->pipe) {
			hm_buf_addc(b, ' ');
			print_node(b, n->pipe);
		}
		hm_buf_addz(b, "}}");
		break;
	case HM_TN_BREAK:
		hm_buf_addz(b, "{{break}}");
		break;
	case HM_TN_CONTINUE:
		hm_buf_addz(b, "{{continue}}");
		break;
	case HM_TN_END:
		hm_buf_addz(b, "{{end}}");
		break;
	case HM_TN_ELSE:
		hm_buf_addz(b, "{{else}}");
		break;
	}
}

hm_str
hm_tnode_text(struct hm_arena *a, const struct hm_tnode *n)
{
	struct hm_buf b = { 0 };

	print_node(&b, n);
	return hm_buf_take(&b, a);
}
