// Random scripts for the DDL twin: transactions, savepoints, memkv tables that are made, dropped
// and renamed, rows written between, and whatever makes SQLite forget its virtual tables.

#ifndef MEMKV_TESTS_RANDOM_DDL_GENERATOR_H_
#define MEMKV_TESTS_RANDOM_DDL_GENERATOR_H_

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/random/ddl_script.h"

namespace memkv::test {

// Where a script's tables are.
enum class Where { kAnywhere, kStored, kTemp, kAttached, kMemory, kMixed };

// What scripts are to be like. A class of statements (see kClassNames) may be left out, to see what
// else fails.
struct Kind {
  Where where = Where::kAnywhere;
  std::set<std::string> without;
};

// The same script for the same seed and kind, on every SQLite.
class Generator {
 public:
  Generator(uint64_t seed, const Kind& kind);

  static constexpr const char* kClassNames[] = {
      "transaction", "savepoint", "refuse", "create",      "drop",   "rename", "swap",
      "remake",      "renew",     "write",  "freeze",      "read",   "look",   "plain-ddl",
      "plain-write", "led",       "open",   "shadow-name", "forget", "reopen", "other"};

  Script Make();

 private:
  // What a step does; each script has its own weights, so that some do a lot of one thing.
  enum Class {
    kTransaction,
    kSavepoint,
    kRefuse,
    kCreate,
    kDrop,
    kRename,
    kSwap,
    kRemake,
    kRenew,
    kWrite,
    kFreeze,
    kRead,
    kLook,
    kPlainDdl,
    kPlainWrite,
    kLed,
    kOpen,
    kShadowName,
    kForget,
    kReopen,
    kOther,
    kClasses
  };

  struct Columns {
    std::string ours, theirs;         // between the parentheses
    std::string options;              // of ours
    std::vector<std::string> values;  // the value columns' names
    bool several = false;             // the key is (key, k2)

    std::string Key() const { return several ? "key, k2" : "key"; }
  };
  using Tables = std::map<std::string, Columns>;  // by qualified name

  uint64_t Below(uint64_t n) { return random_() % n; }
  bool One(uint64_t in) { return Below(in) == 0; }
  template <class T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

  void ChooseWhere(Where where);
  void ChooseWeights(const std::set<std::string>& without);
  void Begin();  // the tables that a script begins with
  void Next();
  void End();

  void Add(std::string ours, std::string theirs = "");
  void Look() { script_.steps.push_back({Step::kLook, 0, ""}); }
  // Something that comes between the steps of a longer change.
  void Between();

  void Transaction();
  void Savepoint();
  void Open(const std::string& savepoint);
  void Create(const std::string& table);
  void Drop();
  void Rename(const std::string& from, const std::string& to);
  void Swap();
  void Remake();
  void Renew();
  void Write(const std::string& table);
  void Command(const std::string& table);
  void Freeze(const std::string& table);
  void Read(const std::string& table);
  void PlainDdl();
  void PlainWrite();
  void Led();
  void ShadowName();
  void Forget();
  void Reopen();
  void Other();
  void OtherChanges();

  std::string Schema() { return Pick(script_.schemas); }
  std::string Table();                             // one that is there, most often
  std::string NewName(const std::string& schema);  // of one that is not, most often
  static std::string SchemaOf(const std::string& table) { return table.substr(0, table.find('.')); }
  static std::string NameOf(const std::string& table) { return table.substr(table.find('.') + 1); }
  // As it is written in a statement: the schema may be left out where that means the same.
  std::string Written(const std::string& table);
  Columns NewColumns(const std::string& schema);
  const Columns& ColumnsOf(const std::string& table);
  std::string Key() { return "'k" + std::to_string(Below(8)) + "'"; }
  std::string Value();
  std::string Values(const Columns& columns);
  std::string Condition(const std::string& written);
  std::string Conflict();

  // The tables as they were when a transaction or savepoint was opened.
  struct Saved {
    std::string savepoint;  // empty: BEGIN
    Tables tables;
  };

  std::mt19937_64 random_;
  Script script_;
  uint64_t weights_[kClasses];
  uint64_t look_every_;    // after one of so many steps; 0: never
  Tables tables_;          // the memkv tables that are there, if all statements did what they say
  bool snapshot_ = false;  // the second connection is in a transaction
  std::string last_;       // the table that was made or renamed last
  std::vector<Saved> saved_;
};

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_DDL_GENERATOR_H_
