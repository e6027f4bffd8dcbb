#include "ext/args.h"

#include <optional>
#include <tuple>

#include "ext/columns.h"
#include "ext/sqlite.h"
#include "ext/tokens.h"

namespace memkv::sql {
namespace {

// 'off', '64MB' (also kB, GB, or plain bytes) or '10%'.
bool ParseDeltaLimit(std::string_view text, std::optional<DeltaLimit>* limit) {
  if (SameName(text, "off")) {
    limit->reset();
    return true;
  }
  size_t digits = 0;
  double number = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    number = 10 * number + (text[digits++] - '0');
  std::string_view unit = text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (digits == 0 || digits > 12) return false;
  if (unit == "%") {
    if (number < 1 || number > 1000) return false;
    *limit = DeltaLimit{.operations_per_key = number / 100};
    return true;
  }
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1}, {"b", 1}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}};
  for (const auto& [name, bytes] : kUnits) {
    if (!SameName(unit, name)) continue;
    *limit =
        DeltaLimit{.log_bytes = static_cast<uint64_t>(number * bytes), .operations_per_key = 0};
    return true;
  }
  return false;
}

void ParseOption(const std::string& name, std::string_view value, bool files, Schema* schema) {
  Tokens tokens(value);
  const std::optional<Tokens::Token> t = tokens.Next();
  const std::string given = t ? t->text : std::string();
  const bool single = t && tokens.Rest().empty();
  const std::string shown = (given.empty() ? "" : ' ' + ShownBare(Trimmed(value)));
  const std::tuple<const char*, bool*, bool*> switches[] = {
      {"background", &schema->background_given, &schema->background},
      {"durable", &schema->durable_given, &schema->durable}};
  for (const auto& [known, is_given, on] : switches) {
    if (!SameName(name, known)) continue;
    if (!single || !(SameName(given, "on") || SameName(given, "off")))
      Refuse(std::string(known) + " =" + shown + " (allowed: on, off)");
    if (*is_given) Refuse("option " + Shown(known) + " is given twice");
    *is_given = true;
    *on = SameName(given, "on");
    return;
  }
  if (SameName(name, "delta_limit")) {
    if (schema->delta_limit_given) Refuse("option \"delta_limit\" is given twice");
    schema->delta_limit_given = true;
    if (!single || !ParseDeltaLimit(given, &schema->delta_limit)) {
      Refuse("delta_limit =" + shown + " (allowed: off, a size as in '64MB', a share as in '10%')");
    }
    return;
  }
  if (files && SameName(name, "file")) {
    if (!schema->file.empty()) Refuse("option \"file\" is given twice");
    if (!single || t->quote != '\'' || given.empty())
      Refuse("file =" + shown + " (allowed: a path, as in 'urls.mkv')");
    schema->file = given;
    return;
  }
  Refuse("unknown option " + Shown(name) + " (known: background, delta_limit, durable" +
         (files ? ", file)" : ")"));
}

}  // namespace

Schema ParseArgs(std::string_view table, std::span<const char* const> args, bool files) {
  Schema schema;
  schema.table = table;
  ColumnDefinitions definitions(&schema);
  for (const char* arg : args) {
    Tokens tokens(arg);
    const std::optional<Tokens::Token> first = tokens.Next();
    if (!first && args.size() == 1) break;  // USING memkv()
    if (first && tokens.Rest().starts_with("=")) {
      ParseOption(first->text, tokens.Rest().substr(1), files, &schema);
    } else {
      definitions.Add(arg);
    }
  }
  if (!schema.file.empty()) {
    if (definitions.any() || schema.background_given || schema.durable_given ||
        schema.delta_limit_given) {
      Refuse("file = " + Shown(schema.file) +
             " goes with no column and no other option (the columns are the file's)");
    }
    return schema;
  }
  if (!definitions.any()) {
    definitions.Add("key TEXT PRIMARY KEY");
    definitions.Add("value");
  }
  definitions.Finish();
  CheckTableName(schema, table);
  return schema;
}

}  // namespace memkv::sql
