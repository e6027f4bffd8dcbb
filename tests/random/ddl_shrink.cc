#include "tests/random/ddl_shrink.h"

#include <algorithm>
#include <cstddef>

namespace memkv::test {
namespace {

using Fails = std::function<bool(const Script&)>;

bool Replace(Script* script, Script less, const Fails& fails) {
  if (!fails(less)) return false;
  *script = std::move(less);
  return true;
}

bool DropSteps(Script* script, const Fails& fails) {
  bool dropped = false;
  for (size_t n = script->steps.size(); n > 0; n /= 2) {
    for (size_t i = 0; i + n <= script->steps.size();) {
      Script less = *script;
      const auto at = less.steps.begin() + static_cast<ptrdiff_t>(i);
      less.steps.erase(at, at + static_cast<ptrdiff_t>(n));
      if (Replace(script, std::move(less), fails)) {
        dropped = true;
      } else {
        i += n;
      }
    }
  }
  return dropped;
}

// Two statements that need each other, such as BEGIN and COMMIT.
bool DropPairs(Script* script, const Fails& fails) {
  bool dropped = false;
  for (size_t i = 0; i < script->steps.size(); ++i) {
    for (size_t j = i + 1; j < script->steps.size(); ++j) {
      Script less = *script;
      less.steps.erase(less.steps.begin() + static_cast<ptrdiff_t>(j));
      less.steps.erase(less.steps.begin() + static_cast<ptrdiff_t>(i));
      if (!Replace(script, std::move(less), fails)) continue;
      dropped = true;
      j = i;
      if (i >= script->steps.size()) break;
    }
  }
  return dropped;
}

// Tries a simpler text of one statement; false where it is that already.
bool Simplify(Script* script, size_t i, const std::string& ours, const std::string& theirs,
              const std::string& options, const Fails& fails) {
  Script less = *script;
  Step& step = less.steps[i];
  step.ours = ours;
  step.theirs = theirs;
  step.options = options;
  return Replace(script, std::move(less), fails);
}

void SimplifyStatements(Script* script, const Fails& fails) {
  for (size_t i = 0; i < script->steps.size(); ++i) {
    const Step step = script->steps[i];
    if (!step.options.empty()) Simplify(script, i, step.ours, step.theirs, "", fails);
    const std::string usual = "(key TEXT PRIMARY KEY, v)";
    if (step.ours.starts_with("CREATE VIRTUAL TABLE") && !step.ours.ends_with(usual)) {
      Simplify(script, i, step.ours.substr(0, step.ours.find("memkv") + 5) + usual,
               step.theirs.substr(0, step.theirs.find('(')) +
                   "(key TEXT PRIMARY KEY NOT NULL, v) WITHOUT ROWID",
               script->steps[i].options, fails);
    }
    if (const size_t conflict = step.ours.find(" OR "), into = step.ours.find(" INTO ");
        step.theirs.empty() && step.ours.starts_with("INSERT OR ") && conflict < into) {
      Simplify(script, i, "INSERT" + step.ours.substr(into), "", "", fails);
    }
    const size_t rows = step.ours.find(" VALUES("), next = step.ours.find("), (");
    if (step.theirs.empty() && rows != std::string::npos && next != std::string::npos)
      Simplify(script, i, step.ours.substr(0, next + 1), "", "", fails);
  }
}

}  // namespace

Script Shrunk(Script script, const Fails& fails) {
  Script less = script;
  less.other_process = false;
  Replace(&script, less, fails);
  DropSteps(&script, fails);
  if (script.steps.size() < 25) {
    while (DropPairs(&script, fails) && DropSteps(&script, fails)) {
    }
  }
  SimplifyStatements(&script, fails);
  less = script;
  less.journal_mode = less.main_in_memory ? "memory" : "delete";
  if (less.journal_mode != script.journal_mode) Replace(&script, less, fails);
  less = script;
  less.exclusive = false;
  if (script.exclusive) Replace(&script, less, fails);
  less = script;
  less.attached = Script::kNone;
  std::erase(less.schemas, "aux");
  if (script.attached != Script::kNone) Replace(&script, less, fails);
  return script;
}

}  // namespace memkv::test
