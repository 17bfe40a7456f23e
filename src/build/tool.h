/*
 * tool.h - command lines of the toolchain's programs (cmd/go/internal/work/gc.go).
 */
#ifndef HM_BUILD_TOOL_H
#define HM_BUILD_TOOL_H

#include "build/action.h"

/* Starts a command line: the words of -toolexec, the path of the tool. */
void hm_tool_begin(struct hm_action *a, struct hm_strs *argv, const char *tool);
void hm_tool_add(struct hm_action *a, struct hm_strs *argv, const char *word);
void hm_tool_adds(struct hm_action *a, struct hm_strs *argv, hm_str word);
void hm_tool_add_all(struct hm_action *a, struct hm_strs *argv, const struct hm_strs *words);
/* Variables that differ from what the tools would assume ("GOAMD64=v3"). */
void hm_tool_env(struct hm_action *a, struct hm_strs *env);

/* GOROOT as the linker writes it into paths. */
hm_str hm_tool_goroot(const struct hm_builder *b);

/* A file of the package: absolute names stay. */
hm_str hm_tool_abs(struct hm_action *a, hm_str dir, hm_str file);
/* The value of -p. */
hm_str hm_tool_pkg_path(const struct hm_action *a);
/* The value of -trimpath. */
hm_str hm_tool_trimpath(struct hm_action *a);
/* asm up to the flags that differ between its two uses. */
void hm_tool_asm(struct hm_action *a, struct hm_strs *argv);

/* import config, embed config */
hm_str hm_tool_importcfg(struct hm_action *a);
hm_str hm_tool_embedcfg(struct hm_action *a);

#endif
