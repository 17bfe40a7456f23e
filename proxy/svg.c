#include "svg.h"

#include <stdlib.h>

enum {
	BOX_W = 208, BOX_H = 38, BEND_H = 4, GAP_X = 48, GAP_Y = 14, MARGIN = 2,
	LABEL_CHARS = 29, /* that fit the box in the stylesheet's monospaced type */
	SWEEPS = 8,
	SPARK_W = 360, SPARK_H = 64,
};

/* ---- the graph's contents */

int
graph_node(struct graph *g, hm_str path, hm_str version, hm_str url, enum graph_look look)
{
	for (size_t i = 0; i < g->nodes; i++)
		if (hm_str_eq(g->node[i].path, path) && hm_str_eq(g->node[i].version, version))
			return (int)i;
	if (g->nodes == GRAPH_NODES)
		return -1;
	g->node[g->nodes] = (struct graph_node){
		.path = path, .version = version, .url = url, .look = look,
	};
	return (int)g->nodes++;
}

void
graph_edge(struct graph *g, int from, int to)
{
	if (from < 0 || to < 0 || from == to || g->edges == GRAPH_EDGES)
		return;
	for (size_t i = 0; i < g->edges; i++)
		if (g->edge[i].from == from && g->edge[i].to == to)
			return;
	g->edge[g->edges].from = (unsigned char)from;
	g->edge[g->edges++].to = (unsigned char)to;
}

/* ---- layout */

/* The longest way from the left; a cycle is cut by the number of rounds. */
static void
assign_layers(struct graph *g)
{
	bool moved = true;

	for (int round = 0; moved && round < GRAPH_LAYERS; round++) {
		moved = false;
		for (size_t i = 0; i < g->edges; i++) {
			int from = g->node[g->edge[i].from].layer;
			struct graph_node *to = &g->node[g->edge[i].to];

			if (to->layer <= from && from + 1 < GRAPH_LAYERS) {
				to->layer = from + 1;
				moved = true;
			}
		}
	}
}

/* Those that nothing leads to stand directly left of what they lead to. */
static void
pull_right(struct graph *g)
{
	for (size_t i = 0; i < g->nodes; i++) {
		int nearest = GRAPH_LAYERS;
		bool free = true;

		for (size_t k = 0; k < g->edges; k++) {
			int to = g->node[g->edge[k].to].layer;

			free = free && g->edge[k].to != i;
			if (g->edge[k].from == i && to < nearest)
				nearest = to;
		}
		if (free && nearest < GRAPH_LAYERS && nearest > 0)
			g->node[i].layer = nearest - 1;
	}
}

static int
in_order(const void *x, const void *y)
{
	const struct graph_node *a = *(struct graph_node *const *)x;
	const struct graph_node *b = *(struct graph_node *const *)y;
	int by_path;

	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	by_path = hm_str_cmp(a->path, b->path);
	return by_path ? by_path : hm_str_cmp(a->version, b->version);
}

/* An edge over several layers becomes edges from one layer to the next. */
static void
add_bends(struct graph *g)
{
	size_t edges = g->edges;

	for (size_t i = 0; i < edges; i++) {
		unsigned char from = g->edge[i].from, to = g->edge[i].to;

		while (g->node[to].layer > g->node[from].layer + 1 &&
		       g->nodes < GRAPH_NODES + GRAPH_BENDS &&
		       g->edges < GRAPH_EDGES + GRAPH_BENDS) {
			unsigned char bend = (unsigned char)g->nodes++;

			g->node[bend] = (struct graph_node){
				.look = GRAPH_BEND, .layer = g->node[from].layer + 1,
			};
			g->edge[g->edges].from = from;
			g->edge[g->edges++].to = bend;
			g->edge[i].from = from = bend;
		}
	}
}

static int
height_of(const struct graph_node *n)
{
	return n->look == GRAPH_BEND ? BEND_H : BOX_H;
}

/* The nodes of a layer in their order, one below the other; answers how high they are. */
static double
stack_layer(struct graph *g, int layer)
{
	struct graph_node *of[GRAPH_NODES + GRAPH_BENDS];
	double height = -GAP_Y, at;
	size_t n = 0;

	for (size_t i = 0; i < g->nodes; i++)
		if (g->node[i].layer == layer) {
			of[n++] = &g->node[i];
			height += height_of(&g->node[i]) + GAP_Y;
		}
	qsort(of, n, sizeof(*of), in_order);
	at = -height / 2;
	for (size_t i = 0; i < n; i++) {
		of[i]->order = at + height_of(of[i]) / 2.0;
		at += height_of(of[i]) + GAP_Y;
	}
	return n ? height : 0;
}

static void
pull_to_neighbours(struct graph *g, size_t i, bool left)
{
	double sum = 0;
	int n = 0;

	for (size_t k = 0; k < g->edges; k++) {
		size_t own = left ? g->edge[k].to : g->edge[k].from;
		size_t other = left ? g->edge[k].from : g->edge[k].to;

		if (own == i) {
			sum += g->node[other].order;
			n++;
		}
	}
	if (n)
		g->node[i].order = sum / n;
}

static void
place(struct graph *g, int *width, int *height)
{
	double highest = 0, high;
	int column[GRAPH_LAYERS], columns = 0;

	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (int at = 0; at < GRAPH_LAYERS; at++) {
			int l = sweep % 2 ? GRAPH_LAYERS - 1 - at : at;

			for (size_t i = 0; i < g->nodes; i++)
				if (g->node[i].layer == l)
					pull_to_neighbours(g, i, sweep % 2 == 0);
			high = stack_layer(g, l);
			highest = high > highest ? high : highest;
			column[l] = high > 0;
		}
	for (int l = 0; l < GRAPH_LAYERS; l++)
		columns += column[l];
	for (int l = GRAPH_LAYERS - 1, left = columns; l >= 0; l--)
		column[l] = left -= column[l];
	*width = columns * (BOX_W + GAP_X) - GAP_X + 2 * MARGIN;
	*height = (int)highest + 2 * MARGIN;
	for (size_t i = 0; i < g->nodes; i++) {
		g->node[i].x = MARGIN + column[g->node[i].layer] * (BOX_W + GAP_X);
		g->node[i].y = *height / 2 + (int)g->node[i].order;
	}
}

/* ---- drawing */

static void
put_edge(struct html *h, const struct graph_node *from, const struct graph_node *to)
{
	int x1 = from->x + BOX_W, y1 = from->y, x2 = to->x, y2 = to->y;
	int bend = x2 > x1 ? (x2 - x1) / 2 : GAP_X;

	html_open(h, "path");
	html_attr(h, "class", x2 > x1 ? HM_S("edge") : HM_S("edge back"));
	html_attrf(h, "d", "M%d %dC%d %d %d %d %d %dh%d", x1, y1, x1 + bend, y1, x2 - bend, y2, x2,
	           y2, to->look == GRAPH_BEND ? BOX_W : 0);
	html_close(h);
}

/* The end of a path tells more than its beginning; whole elements, if they fill half of it. */
static void
put_label(struct html *h, const char *class, int x, int y, hm_str s)
{
	ptrdiff_t slash;

	html_open(h, "text");
	html_attr(h, "class", hm_str_of(class));
	html_attrf(h, "x", "%d", x);
	html_attrf(h, "y", "%d", y);
	if (s.n > LABEL_CHARS) {
		html_textz(h, "\xe2\x80\xa6");
		s = hm_str_from(s, s.n - (LABEL_CHARS - 1));
		slash = hm_str_index_byte(s, '/');
		s = hm_str_from(s, slash > 0 && slash < LABEL_CHARS / 2 ? (size_t)slash : 0);
	}
	html_text(h, s);
	html_close(h);
}

static void
put_node(struct html *h, const struct graph_node *n)
{
	static const char *const looks[] = { "node", "node self", "node absent" };
	int depth = h->depth;

	html_open(h, "g");
	html_attr(h, "class", hm_str_of(looks[n->look]));
	if (n->look == GRAPH_PLAIN) {
		html_open(h, "a");
		html_url(h, "href", n->url);
	}
	html_open(h, "title");
	html_textf(h, HM_F "@" HM_F "%s", HM_P(n->path), HM_P(n->version),
	           n->look == GRAPH_ABSENT ? " (not in this store)" : "");
	html_close(h);
	html_open(h, "rect");
	html_attrf(h, "x", "%d", n->x);
	html_attrf(h, "y", "%d", n->y - BOX_H / 2);
	html_attrf(h, "width", "%d", BOX_W);
	html_attrf(h, "height", "%d", BOX_H);
	html_attrf(h, "rx", "5");
	html_close(h);
	put_label(h, "path", n->x + 9, n->y - 3, n->path);
	put_label(h, "version", n->x + 9, n->y + 11, n->version);
	html_close_to(h, depth);
}

void
graph_svg(struct graph *g, struct html *h, hm_str title)
{
	int width, height, depth = h->depth;

	assign_layers(g);
	pull_right(g);
	add_bends(g);
	place(g, &width, &height);
	html_open(h, "svg");
	html_attr(h, "class", HM_S("graph"));
	html_attr(h, "role", HM_S("group"));
	html_attr(h, "aria-label", title);
	html_attrf(h, "width", "%d", width);
	html_attrf(h, "height", "%d", height);
	html_attrf(h, "viewBox", "0 0 %d %d", width, height);
	for (size_t i = 0; i < g->edges; i++)
		put_edge(h, &g->node[g->edge[i].from], &g->node[g->edge[i].to]);
	for (size_t i = 0; i < g->nodes; i++)
		if (g->node[i].look != GRAPH_BEND)
			put_node(h, &g->node[i]);
	html_close_to(h, depth);
}

/* ---- a line over time */

static int
spark_y(int64_t v, int64_t max)
{
	return SPARK_H - 2 - (int)((double)v / (double)max * (SPARK_H - 6));
}

/* The values from i on up to a gap; answers where that is. */
static size_t
add_piece(struct hm_buf *line, struct hm_buf *area, const int64_t *v, size_t n, size_t i,
          int64_t top)
{
	size_t from = i;
	int x = 0;

	for (; i < n && v[i] >= 0; i++) {
		int y = spark_y(v[i], top);

		x = n > 1 ? (int)(i * SPARK_W / (n - 1)) : 0;
		hm_buf_printf(line, "%s%d %d", i > from ? "L" : "M", x, y);
		if (i == from)
			hm_buf_printf(area, "M%d %d", x, SPARK_H);
		hm_buf_printf(area, "L%d %d", x, y);
	}
	if (i == from + 1)
		hm_buf_addz(line, "m-3 0h6"); /* one value alone is a dash */
	hm_buf_printf(area, "L%d %dZ", x, SPARK_H);
	return i;
}

void
spark_svg(struct html *h, const int64_t *v, size_t n, int64_t top, hm_str title)
{
	struct hm_buf line = { 0 }, area = { 0 };
	int64_t max = top > 1 ? top : 1;
	int depth = h->depth;

	n = n > SPARK_POINTS ? SPARK_POINTS : n;
	for (size_t i = 0; i < n; i++)
		max = v[i] > max ? v[i] : max;
	for (size_t i = 0; i < n;)
		i = v[i] < 0 ? i + 1 : add_piece(&line, &area, v, n, i, max);
	html_open(h, "svg");
	html_attr(h, "class", HM_S("spark"));
	html_attr(h, "role", HM_S("img"));
	html_attr(h, "aria-label", title);
	html_attrf(h, "viewBox", "0 0 %d %d", SPARK_W, SPARK_H);
	html_attr(h, "preserveAspectRatio", HM_S("none"));
	html_open(h, "path");
	html_attr(h, "class", HM_S("area"));
	html_attr(h, "d", hm_buf_str(&area));
	html_close(h);
	html_open(h, "path");
	html_attr(h, "class", HM_S("line"));
	html_attr(h, "d", hm_buf_str(&line));
	html_close_to(h, depth);
	hm_buf_free(&line);
	hm_buf_free(&area);
}
