#include "ext/functions/flame.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "core/utf8.h"
#include "ext/affinity.h"
#include "ext/poller.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

constexpr uint64_t kMostLevels = 64;
constexpr char kFlameSignature[] = "memkv_flame(table, delimiter [, min_share])";

PrefixTree<ViewCursor> TreeOf(const Connection& connection, const NamedTable& table,
                              const Arguments& args, uint64_t depth, double min_share) {
  const Converted delimiter = Converted::Compared(args[1], Affinity::kText);
  if (delimiter.datum().bytes.empty())
    args.Fail("delimiter is a TEXT or BLOB of at least one byte");
  const double least = min_share * static_cast<double>(table.view.size());
  PrefixTree<ViewCursor> tree(ViewCursor(table.view), kTextTag, delimiter.datum().bytes, depth,
                              std::max<uint64_t>(1, static_cast<uint64_t>(least)),
                              table.key_text());
  tree.SetPoll(NewPoll(connection.db()));
  return tree;
}

// Text that XML takes: markup escaped, what is no character of well-formed UTF-8 replaced.
void AppendXml(Bytes text, std::string* out) {
  while (!text.empty()) {
    const uint8_t c = static_cast<uint8_t>(text[0]);
    const size_t n = Utf8Bytes(text);
    const bool no_character = n == 3 && text >= "\xef\xbf\xbe";  // U+FFFE and U+FFFF
    if (n == 0 || c < 0x20 || c == 0x7f || no_character) {
      *out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    switch (c) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += "&quot;";
        break;
      default:
        out->append(text.substr(0, n));
    }
    text.remove_prefix(n);
  }
}

// At most `most` characters of a label, with dots for the rest. Cut between characters.
std::string Cut(Bytes label, size_t most) {
  size_t characters = 0, at = 0, keep = 0;
  while (at < label.size()) {
    if (characters + 2 <= most) keep = at;
    do {
      ++at;
    } while (at < label.size() && (static_cast<uint8_t>(label[at]) & 0xc0) == 0x80);
    if (++characters > most) return std::string(label.substr(0, keep)) + "..";
  }
  return std::string(label);
}

std::string Thousands(uint64_t n) {
  std::string text = std::to_string(n);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

class Icicle {
 public:
  explicit Icicle(uint64_t keys) : keys_(keys) {}

  // A frame of `count` keys from key number `first` on, `level` rows below the top.
  void Add(size_t level, uint64_t first, uint64_t count, Bytes label, Bytes prefix) {
    char text[200];
    const double scale = (kWidth - 2 * kMargin) / static_cast<double>(std::max<uint64_t>(keys_, 1));
    const double x = kMargin + static_cast<double>(first) * scale,
                 width = static_cast<double>(count) * scale;
    const double y = kTop + static_cast<double>(level) * kRow;
    levels_ = std::max(levels_, level + 1);
    frames_ += "<g><title>";
    AppendXml(Cut(prefix, kTitle), &frames_);
    std::snprintf(
        text, sizeof text, " (%s keys, %.2f %%)</title>", Thousands(count).c_str(),
        100.0 * static_cast<double>(count) / static_cast<double>(std::max<uint64_t>(keys_, 1)));
    frames_ += text;
    std::snprintf(text, sizeof text,
                  "<rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" fill=\"%s\"/>", x, y,
                  std::max(width - 0.4, 0.3), kRow - 1, Colour(label).c_str());
    frames_ += text;
    if (width > 5 * kCharacter) {
      std::snprintf(text, sizeof text, "<text x=\"%.2f\" y=\"%.0f\">", x + 3, y + kRow - 5);
      frames_ += text;
      AppendXml(Cut(label, static_cast<size_t>((width - 5) / kCharacter)), &frames_);
      frames_ += "</text>";
    }
    frames_ += "</g>\n";
  }

  size_t bytes() const { return frames_.size(); }

  std::string ToSvg(Bytes table, double min_share) const {
    char text[400];
    const double height = kTop + static_cast<double>(levels_) * kRow + kMargin;
    std::snprintf(text, sizeof text,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                  "viewBox=\"0 0 %.0f %.0f\">\n",
                  kWidth, height, kWidth, height);
    std::string svg = text;
    svg +=
        "<style>text{font:11px "
        "ui-monospace,Menlo,Consolas,monospace;fill:#1b1b1b;pointer-events:none}"
        ".h{font-size:13px;font-weight:bold}rect:hover{stroke:#1b1b1b;stroke-width:1}</style>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text class=\"h\" x=\"10\" "
        "y=\"20\">";
    AppendXml(table, &svg);
    std::snprintf(text, sizeof text,
                  ": %s keys</text>\n<text x=\"10\" y=\"35\">branches of at least %g %% of them; "
                  "point at one to "
                  "read it</text>\n",
                  Thousands(keys_).c_str(), 100 * min_share);
    return svg + text + frames_ + "</svg>\n";
  }

 private:
  static constexpr double kWidth = 1200, kMargin = 10, kTop = 44, kCharacter = 6.7;
  static constexpr int kRow = 18;
  static constexpr size_t kTitle = 1000;  // characters of a prefix that are shown

  // Warm, and the same for the same label.
  static std::string Colour(Bytes label) {
    uint32_t hash = 2166136261u;
    for (const char c : label) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
    hash ^= hash >> 15;
    char text[16];
    std::snprintf(text, sizeof text, "#%02x%02x%02x", 0xf2 + hash % 13, 0x90 + (hash >> 8) % 80,
                  0x48 + (hash >> 16) % 60);
    return text;
  }

  uint64_t keys_;
  size_t levels_ = 1;
  std::string frames_;
};

// The icicle of a tree that was not walked yet. Throws SqlError where it takes more than
// `most_bytes`.
Icicle Draw(PrefixTree<ViewCursor>* tree, Bytes table, Bytes delimiter, size_t most_bytes) {
  std::optional<Icicle> icicle;
  uint64_t first = 0;
  // A branch that adds nothing but another delimiter ("https:/", "https://") is one frame with
  // the branch around it: held back until it is known whether such a one follows.
  struct Held {
    size_t level;
    uint64_t first, count;
    std::string label, prefix;
  };
  std::optional<Held> held;
  std::vector<size_t> levels;  // of the frames around the present branch
  auto draw = [&] {
    if (held) icicle->Add(held->level, held->first, held->count, held->label, held->prefix);
    held.reset();
  };
  while (tree->Next()) {
    if (!tree->entered()) continue;
    const auto& branch = tree->branch();
    if (!icicle) {
      icicle.emplace(branch.count);
      first = branch.first;
    }
    const size_t depth = tree->depth();
    const std::string prefix = tree->prefix(depth);
    const std::string segment = depth == 0 ? std::string(table) : tree->segment(depth);
    levels.resize(depth);
    if (depth > 1 && held && held->count == branch.count && segment == delimiter &&
        prefix.size() == held->prefix.size() + delimiter.size() &&
        prefix.starts_with(held->prefix)) {
      held->label += segment;
      held->prefix = prefix;
      levels.push_back(levels.back());
      continue;
    }
    draw();
    if (icicle->bytes() > most_bytes) {
      throw SqlError(SQLITE_TOOBIG, std::string(kFlameSignature) + ": the picture has over " +
                                        std::to_string(most_bytes) +
                                        " bytes (a larger min_share shows fewer branches)");
    }
    levels.push_back(depth == 0 ? 0 : levels.back() + 1);
    held = Held{levels.back(), branch.first - first, branch.count, segment,
                depth == 0 ? "all" : prefix};
  }
  Check(tree->status());
  draw();
  if (!icicle) icicle.emplace(0);
  return std::move(*icicle);
}

}  // namespace

FoldedSpec::FoldedSpec(Connection& connection, const Arguments& args)
    : table_(args.Table(connection)) {
  const uint64_t depth = static_cast<uint64_t>(args.Integer(2, "depth", 1, INT64_MAX));
  const double min_share = args.Has(3) ? args.Real(3, "min_share", 0, 1) : 0;
  tree_.emplace(TreeOf(connection, table_, args, depth, min_share));
  Next();
}

void FoldedSpec::Next() {
  while (tree_->Next()) {
    if (tree_->entered() || tree_->branch().own == 0) continue;
    valid_ = true;
    return;
  }
  valid_ = false;
  Check(tree_->status());
}

// Frames are joined by ';', so that one inside a key has to be another character, and so has a line
// end.
void FoldedSpec::Column(sqlite3_context* out, int column) {
  if (column == 1)
    return sqlite3_result_int64(out, static_cast<sqlite3_int64>(tree_->branch().own));
  std::string stack = table_.schema().table;
  for (size_t i = 1; i <= tree_->depth(); ++i) {
    stack += ';';
    for (const char c : tree_->segment(i))
      stack += c == ';' ? ':' : c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
  }
  SetResult(out, Datum::Text(stack));
}

void Flame(sqlite3_context* context, int argc, sqlite3_value** argv) noexcept {
  GuardFunction(context, [&] {
    const Arguments args(kFlameSignature, {argv, static_cast<size_t>(argc)});
    args.CheckCount(2, 3);
    Connection& connection = Connection::Of(sqlite3_user_data(context));
    const NamedTable table = args.Table(connection);
    const double min_share = args.Has(2) ? args.Real(2, "min_share", 0, 1) : 0.001;
    const std::string delimiter(Converted::Compared(args[1], Affinity::kText).datum().bytes);
    PrefixTree<ViewCursor> tree = TreeOf(connection, table, args, kMostLevels, min_share);
    const int most_bytes = sqlite3_limit(connection.db(), SQLITE_LIMIT_LENGTH, -1);
    const Icicle icicle =
        Draw(&tree, table.schema().table, delimiter, static_cast<size_t>(most_bytes));
    const std::string svg = icicle.ToSvg(table.schema().table, min_share);
    SetResult(context, Datum::Text(svg));
  });
}

}  // namespace memkv::sql
