# help.awk - makes src/cli/help-text.h from the man pages: every subsection
# ".Ss <verb>" of a section "COMMANDS" becomes the text of `hermod help <verb>`.
# Knows the few mdoc macros that the pages use inside those subsections.
function flush_item() {
	if (verb == "") return
	gsub(/\n\n\n+/, "\n\n", body)
	sub(/^\n+/, "", body); sub(/\n+$/, "", body)
	gsub(/\\/, "\\\\", body); gsub(/"/, "\\\"", body); gsub(/\n/, "\\n\"\n\t  \"", body)
	printf "\t{ \"%s\", \"%s\",\n\t  \"%s\" },\n", verb, page, body
	verb = ""; body = ""
}
function words(s) {
	gsub(/\\&/, "", s); gsub(/\\-/, "-", s); gsub(/\\e/, "\\", s)
	return s
}
# The arguments of a macro as text: inline macros are dropped, Fl gets its dash.
function inline(s,   n, i, w, out, glue, dash) {
	n = split(s, w, " "); out = ""; glue = 1
	for (i = 1; i <= n; i++) {
		if (w[i] == "Ns") { glue = 1; continue }
		if (w[i] == "Fl") { dash = "-"; continue }
		if (w[i] ~ /^(Ar|Cm|Pa|Ev|Ic|Sy|Em|Li|Dq|Xr|Nm|Op|Va|Bf|Ef)$/) continue
		if (w[i] ~ /^[,.;:)]$/) glue = 1
		out = out (glue ? "" : " ") dash w[i]
		glue = w[i] == "("; dash = ""
	}
	return words(out)
}
function add(s) { body = body s }
BEGIN { print "/* Made from the man pages by man/help.awk; not by hand. */\nstatic const struct text texts[] = {" }
FNR == 1 { flush_item(); incmds = 0 }
/^\.Dt / { page = tolower($2) "(" $3 ")" }
/^\.Sh / { flush_item(); incmds = ($2 == "COMMANDS"); next }
/^\.Ss / && incmds { flush_item(); verb = substr($0, 5); gsub(/"/, "", verb); next }
verb == "" { next }
/^\.\\"/ { next }
/^\.Pp/ { add("\n\n"); next }
/^\.Bd/ { add("\n\n"); literal = 1; next }
/^\.Ed/ { add("\n"); literal = 0; next }
/^\.Bl/ { add("\n"); depth++; next }
/^\.El/ { depth--; add("\n"); next }
/^\.It/ { add("\n" inline(substr($0, 5)) "\n    "); fresh = 1; next }
/^\.[A-Z][a-z]/ {
	macro = substr($1, 2); rest = substr($0, length($1) + 2)
	if (macro == "Fl") rest = "Fl " rest
	s = inline(rest)
	if (macro == "Xr") sub(/ /, "(", s) && sub(/ |$/, ")", s)
	if (macro == "Dq") s = "\"" s "\""
	add((body ~ /[ \n]$/ || body == "" ? "" : " ") s)
	next
}
literal { add("    " words($0) "\n"); next }
{ add((body ~ /[ \n]$/ || body == "" ? "" : (depth ? "\n    " : "\n")) words($0)) }
END { flush_item(); print "\t{ \"\", \"\", \"\" },\n};" }
