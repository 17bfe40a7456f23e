/*
 * svg.h - the pictures of the pages: a graph of modules in layers, and a line over time.
 *
 * Inline SVG without script, style or size in pixels of the page: colours and type come
 * from classes of the stylesheet.
 */
#ifndef PROXY_SVG_H
#define PROXY_SVG_H

#include "html.h"

enum {
	GRAPH_NODES = 64,
	GRAPH_EDGES = 256,
	GRAPH_BENDS = 160, /* where an edge passes through a layer */
	GRAPH_LAYERS = 6,
	SPARK_POINTS = 120,
};

enum graph_look {
	GRAPH_PLAIN,
	GRAPH_SELF,
	GRAPH_ABSENT, /* not in the store: no link */
	GRAPH_BEND,   /* of the layout alone */
};

struct graph_node {
	hm_str path, version, url; /* borrowed */
	enum graph_look look;
	/* layout */
	int layer;
	double order; /* within the layer: the middle, from the layer's own */
	int x, y;     /* the left end, the middle */
};

/* Zero-initialise. */
struct graph {
	struct graph_node node[GRAPH_NODES + GRAPH_BENDS];
	struct {
		unsigned char from, to;
	} edge[GRAPH_EDGES + GRAPH_BENDS];
	size_t nodes, edges;
};

/* The node of path@version, made when it is new; -1 when there is no room. */
int graph_node(struct graph *g, hm_str path, hm_str version, hm_str url, enum graph_look look);
/* from requires to; negative ones, doubles and what finds no room are passed over. */
void graph_edge(struct graph *g, int from, int to);
/*
 * Layered drawing: each node right of those that require it, as far as cycles and
 * GRAPH_LAYERS allow; an edge over several layers has a bend in each, so that it passes
 * between the boxes; order within a layer by the middle of the neighbours.  Once.
 */
void graph_svg(struct graph *g, struct html *h, hm_str title);

/*
 * n values, the oldest first, from 0 to their largest or to `top` (0: as they are); where one
 * is negative, nothing is known and the line has a gap.  title is for those who cannot see it.
 */
void spark_svg(struct html *h, const int64_t *v, size_t n, int64_t top, hm_str title);

#endif
