# curve.awk: lines "x TAB structure TAB metric TAB figure", x the number of keys or a share in percent, become one SVG, a panel for each
# metric, a line for each structure. Both axes are logarithmic, so a slope shows how a cost grows and a gap shows a ratio.

BEGIN {
  FS = "\t"
  known = 0
  panel("rss", "memory, bytes per key")
  panel("insert", "insert, shuffled, ns")
  panel("worst", "longest transaction, ms")
  panel("hit", "hit, ns")
  panel("miss", "miss, ns")
  panel("erase", "delete, ns")
  panel("scan", "scan, ns per key")
  panel("image", "frozen file, bytes per key")
  panel("build", "build, ns per key")
  split("#d62728 #1f77b4 #2ca02c #9467bd #ff7f0e #8c564b #e377c2 #7f7f7f #bcbd22 #17becf #393b79 #637939 #843c39", colors, " ")
  width = 380; height = 260; left = 52; top = 30; right = 24; bottom = 30; columns = 2
}

function panel(metric, title) {
  known++
  metric_of[known] = metric
  title_of[known] = title
}
function log10(x) { return log(x) / log(10) }
function x_of(keys) { return left + (log10(keys) - x_min) / (x_max - x_min) * (width - left - right) }
function y_of(figure) { return height - bottom - (log10(figure) - y_min) / (y_max - y_min) * (height - top - bottom) }
function short(v) { return v >= 1e6 ? v / 1e6 "M" : v >= 1e3 ? v / 1e3 "k" : v }
function floor(x) { return int(x) > x ? int(x) - 1 : int(x) }

$4 > 0 {
  if (!($2 in index_of)) { names[++structures] = $2; index_of[$2] = structures }
  figure[$3, $2, $1] = $4
  measured[$3] = 1
  if (!($1 in seen)) { seen[$1] = 1; sizes[++points] = $1 + 0 }
}

END {
  for (i = 2; i <= points; ++i)  # insertion sort: the sizes are few
    for (j = i; j > 1 && sizes[j - 1] > sizes[j]; --j) { swap = sizes[j]; sizes[j] = sizes[j - 1]; sizes[j - 1] = swap }
  x_min = log10(sizes[1]); x_max = log10(sizes[points])
  if (x_max == x_min) x_max = x_min + 1
  panels = 0
  for (i = 1; i <= known; ++i)
    if (metric_of[i] in measured) shown[++panels] = i
  rows = int((panels + columns - 1) / columns)
  legend = 20 * int((structures + 3) / 4) + 16
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n", \
      columns * width, rows * height + legend
  print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
  for (p = 1; p <= panels; ++p) draw(p)
  for (s = 1; s <= structures; ++s) {
    x = 16 + (s - 1) % 4 * 190
    y = rows * height + 16 + int((s - 1) / 4) * 20
    printf "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"%s\"/>", x, y, x + 22, y, colors[s], stroke(s)
    printf "<text x=\"%d\" y=\"%d\">%s</text>\n", x + 28, y + 4, names[s]
  }
  print "</svg>"
}

function stroke(s) { return names[s] ~ /^memkv/ ? "2.5" : "1.3" }

function draw(p,  m, title, s, i, f, low, high, points_text, decade, digit, v) {
  m = metric_of[shown[p]]
  title = title_of[shown[p]]
  low = 0; high = 0
  for (s = 1; s <= structures; ++s)
    for (i = 1; i <= points; ++i)
      if ((m, names[s], sizes[i]) in figure) {
        f = figure[m, names[s], sizes[i]]
        if (low == 0 || f < low) low = f
        if (f > high) high = f
      }
  if (low == 0) return
  y_min = log10(low / 1.15); y_max = log10(high * 1.15)
  printf "<g transform=\"translate(%d,%d)\">\n", (p - 1) % columns * width, int((p - 1) / columns) * height
  printf "<text x=\"%d\" y=\"18\" font-weight=\"bold\">%s</text>\n", left, title
  for (i = 1; i <= points; ++i)
    if (power_of_ten(sizes[i]) || i == points)
      printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#eee\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", \
          x_of(sizes[i]), top, x_of(sizes[i]), height - bottom, x_of(sizes[i]), height - bottom + 15, short(sizes[i])
  for (decade = floor(y_min); decade <= y_max; ++decade)
    for (digit = 1; digit <= 5; digit = digit == 1 ? 2 : digit == 2 ? 5 : 10) {
      v = digit * 10 ^ decade
      if (log10(v) < y_min || log10(v) > y_max) continue
      printf "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#eee\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", \
          left, y_of(v), width - right, y_of(v), left - 5, y_of(v) + 4, short(v)
    }
  for (s = structures; s >= 1; --s) {
    points_text = ""
    for (i = 1; i <= points; ++i)
      if ((m, names[s], sizes[i]) in figure)
        points_text = points_text sprintf("%.1f,%.1f ", x_of(sizes[i]), y_of(figure[m, names[s], sizes[i]]))
    if (points_text != "")
      printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"/>\n", points_text, colors[s], stroke(s)
  }
  print "</g>"
}

# Rounding aside.
function power_of_ten(n,  x) { x = log10(n); return x - int(x + 0.5) < 1e-6 && int(x + 0.5) - x < 1e-6 }
