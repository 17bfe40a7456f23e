# promtext.awk - is this Prometheus text format 0.0.4, and does it make sense?
#
# Each family has HELP and TYPE before its samples, which stand together; no sample comes
# twice; counters end in _total; buckets grow up to +Inf, which is the count.
function bad(what) { printf "%d: %s: %s\n", NR, what, $0; failed = 1 }
function key(labels) { gsub(/,?le="[^"]*"/, "", labels); return labels == "{}" ? "" : labels }
/^# HELP / {
	if ($3 !~ /^[a-zA-Z_:][a-zA-Z0-9_:]*$/ || NF < 4) bad("HELP")
	if ($3 in help) bad("HELP twice")
	help[$3] = 1; current = $3; next
}
/^# TYPE / {
	if ($3 != current || $4 !~ /^(counter|gauge|histogram)$/ || NF != 4 || $3 in type) bad("TYPE")
	if ($4 == "counter" && $3 !~ /_total$/) bad("a counter's name")
	type[$3] = $4; next
}
/^#/ || /^$/ { bad("neither a sample nor about one"); next }
{
	if (!match($0, /^[a-zA-Z_:][a-zA-Z0-9_:]*/)) { bad("no name"); next }
	name = substr($0, 1, RLENGTH); rest = substr($0, RLENGTH + 1); labels = ""
	if (match(rest, /^\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*",?)*\} /)) {
		labels = substr(rest, 1, RLENGTH - 1); rest = substr(rest, RLENGTH)
	}
	if (rest !~ /^ -?([0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|\+?Inf|NaN)$/) { bad("value"); next }
	value = substr(rest, 2) + 0
	if (seen[name labels]++) bad("twice")
	family = name
	if (type[current] == "histogram") sub(/_(bucket|sum|count)$/, "", family)
	if (family != current || !(family in type)) { bad("apart from its family"); next }
	if (type[family] == "counter" && value < 0) bad("a counter below 0")
	n[family]++
	if (type[family] != "histogram") next
	k = family key(labels)
	if (name == family "_bucket") {
		if (value < bucket[k]) bad("buckets shrink")
		bucket[k] = value
		inf[k] = labels ~ /le="\+Inf"/
	} else if (name == family "_count" && (!inf[k] || value != bucket[k])) {
		bad("count is not the last bucket, +Inf")
	}
}
END {
	for (f in help) if (!n[f]) { print f ": no sample"; failed = 1 }
	if (NR == 0) failed = 1
	exit failed
}
