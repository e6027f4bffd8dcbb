#include "tests/random/statement_player.h"

#include <algorithm>
#include <stdexcept>

#include "tests/folder.h"

namespace memkv::test {
namespace {

class Player {
 public:
  Player(const Case& c, Plans plans)
      : case_(c),
        folder_(c.file ? std::make_unique<Folder>() : nullptr),
        ours_(c, plans, folder_ ? folder_->path() : ""),
        theirs_(c, Plans::kTwin, folder_ ? folder_->path() : "") {}

  Played Play() {
    for (step_ = 0; step_ < case_.steps.size() && Going(); ++step_) {
      if (case_.way == Case::kNotConnected) Disconnect(case_.steps[step_].connection);
      Do(case_.steps[step_]);
      if (case_.way == Case::kReconnected && Going()) {
        Disconnect(case_.steps[step_].connection);
        CompareContents(case_.steps[step_].connection);
      }
    }
    step_ = case_.steps.size();
    if (Going()) CheckIntegrity();
    return played_;
  }

 private:
  bool Going() {
    played_.exhausted = theirs_.exhausted();
    return !ended_ && !played_.failure && !played_.exhausted;
  }

  void Fail(Failure::Kind kind, const std::string& what) {
    if (!played_.failure) played_.failure = Failure{kind, step_, what};
  }

  void Disconnect(int connection) {
    for (World* w : {&ours_, &theirs_}) w->Run(connection, "PRAGMA writable_schema = RESET", {});
  }

  void Do(const Step& step) {
    switch (step.kind) {
      case Step::kRun:
        ++played_.statements;
        return Compare(step, ours_.Run(step.connection, step.Text(ours_.side()), step.parameters),
                       theirs_.Run(step.connection, step.Text(For::kTwin), step.parameters));
      case Step::kMemkv: {
        if (ours_.side() == For::kTwin) return;
        const Outcome done = ours_.Run(step.connection, step.Text(For::kMemkv), {});
        if (!done.result.ok()) Fail(Failure::kCode, "memkv: " + done.ToString());
        return CompareContents(step.connection);
      }
      default:
        for (World* w : {&ours_, &theirs_}) w->Run(step.connection, step.Text(For::kTwin), {});
    }
  }

  void Compare(const Step& step, Outcome ours, Outcome theirs) {
    if (theirs_.exhausted()) return;
    auto differ = [&](Failure::Kind kind) {
      Fail(kind, "memkv: " + ours.ToString() + "\ntwin:  " + theirs.ToString());
    };
    if (ours.result.code != theirs.result.code || ours.result.message != theirs.result.message ||
        ours.autocommit != theirs.autocommit)
      return differ(Failure::kCode);
    if (ours.result.names != theirs.result.names) return differ(Failure::kOther);
    if (step.rows == Step::kInAnyOrder) {
      std::sort(ours.result.rows.begin(), ours.result.rows.end());
      std::sort(theirs.result.rows.begin(), theirs.result.rows.end());
    }
    if (ours.result.ok() &&
        (step.rows == Step::kCount ? ours.result.rows.size() != theirs.result.rows.size()
                                   : ours.result.rows != theirs.result.rows))
      return differ(Failure::kRows);
    if (!ours.result.names.empty()) return;  // a query
    if (ours.changes != theirs.changes) return differ(Failure::kChanges);
    CompareContents(step.connection);
  }

  void CompareContents(int connection) {
    const Result ours = ours_.Contents(connection), theirs = theirs_.Contents(connection);
    if (theirs_.exhausted() || played_.failure) return;
    if (ours.code == theirs.code && ours.rows == theirs.rows) return;
    Fail(Failure::kContents, "the tables differ (number, columns)\nmemkv: " + ours.ToString() +
                                 "\ntwin:  " + theirs.ToString());
  }

  void CheckIntegrity() {
    if (ours_.side() == For::kTwin) return;
    for (const Table& t : case_.tables) {
      if (!t.memkv) continue;
      const Outcome check =
          ours_.Run(0, "SELECT * FROM memkv_check('" + t.schema + "." + t.name + "')", {});
      if (!check.result.ok() || !check.result.rows.empty())
        Fail(Failure::kIntegrity, "memkv_check of " + t.name + ": " + check.ToString());
    }
  }

  const Case& case_;
  const std::unique_ptr<Folder> folder_;
  World ours_, theirs_;
  Played played_;
  size_t step_ = 0;
  bool ended_ = false;  // by a difference that is documented
};

}  // namespace

Played Play(const Case& c, Plans plans) {
  try {
    return Player(c, plans).Play();
  } catch (const std::exception& e) {
    Played played;
    played.failure = Failure{Failure::kOther, 0, e.what()};
    return played;
  }
}

bool IsAmbiguous(const Case& c, const Failure& failure) {
  for (const Plans plans : {Plans::kUnindexed, Plans::kUnoptimized, Plans::kReversed}) {
    const Played played = Play(c, plans);
    if (played.failure && played.failure->step <= failure.step) return true;
  }
  return false;
}

}  // namespace memkv::test
