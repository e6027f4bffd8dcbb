// Art's marks: going back to any of them, beside copies of a std::map; while snapshots look, and
// when memory is short.

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

#include "core/art/art.h"
#include "tests/core/art_model.h"
#include "tests/core/failing_allocations.h"
#include "tests/core/ordered_keys.h"

namespace memkv {
namespace {

using test::FailFrom;
using test::Model;
using test::OwnValue;
using test::Random;
using test::RequireOk;
using test::RequireSame;

// MEMKV_UNDO_SEEDS: how many; for a longer run.
uint64_t Seeds() {
  const char* seeds = std::getenv("MEMKV_UNDO_SEEDS");
  return seeds ? std::strtoull(seeds, nullptr, 10) : 60;
}

// An Art and its model, with marks that both go back to.
class Marked {
 public:
  Marked(int style, uint64_t seed) : style_(style), random_(seed) {}

  void Write() {
    const std::string key = test::StyledKey(style_, random_);
    const uint64_t dice = random_.Below(200);
    if (dice < 120) {
      const OwnValue v = test::AnyValue(random_);
      RequireOk(art_.Put(key, {v.Get(), 1}));
      model_[key] = v;
    } else if (dice < 130) {
      bool existed;
      RequireOk(art_.Add(key, {Value::Number(7), 1}, &existed));
      REQUIRE(existed == (model_.count(key) > 0));
      if (!existed) model_[key].number = 7;
    } else if (dice < 196) {
      const auto it = model_.lower_bound(key);
      if (it == model_.end()) return;
      REQUIRE(art_.Erase(it->first));
      model_.erase(it);
    } else if (dice < 198) {
      EraseRange(key);
    } else if (dice < 199) {
      Append();
    } else {
      REQUIRE(art_.Erase(key) == (model_.erase(key) > 0));
    }
  }
  void Clear() {
    art_.Clear();
    model_.clear();
  }
  // In place of a log, now and then, a version that somebody holds.
  void Mark() {
    const ArtSnapshot now = Below(4) ? ArtSnapshot() : art_.TakeSnapshot();
    marks_.push_back({now.size() ? art_.SetMark(&now) : art_.SetMark(), model_});
  }
  // Writes behind a mark of their own, which are kept or not.
  void Statement() {
    const Art::Mark mark = art_.SetMark();
    const Model before = model_;
    for (uint64_t n = Below(4); n > 0; --n) Write();
    if (Below(2)) {
      REQUIRE(art_.UndoTo(mark));
      model_ = before;
    }
    art_.Forget(mark);
  }
  // Back to a random mark; those above it are gone. Failing every allocation from the n-th on.
  void Return(std::optional<int64_t> failing, bool must_finish) {
    if (marks_.empty()) return;
    const size_t to = random_.Below(marks_.size());
    marks_.resize(to + 1);
    bool undone;
    {
      std::optional<FailFrom> fail;
      if (failing) fail.emplace(*failing);
      undone = art_.UndoTo(marks_[to].mark);
    }
    if (must_finish) REQUIRE(undone);
    unfinished_ += !undone;
    if (!undone) {
      REQUIRE(!art_.undone());
      REQUIRE(art_.FinishUndo());
    }
    model_ = marks_[to].model;
    Check();
  }
  // Releases the marks above a random one.
  void Release() {
    if (marks_.empty()) return;
    marks_.resize(random_.Below(marks_.size()) + 1);
    art_.ForgetAfter(marks_.back().mark);
  }
  void Commit() {
    marks_.clear();
    art_.ForgetMarks();
  }
  void Look() { held_.push_back({art_.TakeSnapshot(), model_}); }
  void LookAway() {
    if (!held_.empty()) held_.erase(held_.begin() + static_cast<ptrdiff_t>(Below(held_.size())));
  }
  void Check() {
    RequireOk(art_.Verify());
    RequireSame(art_.Latest(), model_);
    for (const auto& [snapshot, model] : held_) RequireSame(snapshot, model);
  }
  uint64_t Below(uint64_t n) { return random_.Below(n); }
  bool looked_at() const { return !held_.empty(); }
  size_t unfinished() const { return unfinished_; }
  Art& art() { return art_; }

 private:
  void EraseRange(const std::string& key) {
    const auto a = model_.lower_bound(key);
    auto b = a;
    for (uint64_t i = random_.Below(100); i > 0 && b != model_.end(); --i) ++b;
    const std::string hi = b == model_.end() ? "" : b->first;
    art_.EraseRange(key, b == model_.end() ? std::nullopt : std::optional<Bytes>(hi));
    model_.erase(a, b);
  }
  void Append() {
    std::vector<std::string> keys;
    std::string key = model_.empty() ? "" : model_.rbegin()->first;
    if (key.size() > 2000) return;
    for (int i = 0; i < 40; ++i) keys.push_back(key += 'a');
    std::vector<Bytes> bytes(keys.begin(), keys.end());
    std::vector<Entry> entries(keys.size(), {Value::Number(3), 1});
    RequireOk(art_.Append(bytes.data(), entries.data(), bytes.size()));
    for (const std::string& k : keys) model_[k].number = 3;
  }

  struct MarkOf {
    Art::Mark mark;
    Model model;
  };
  const int style_;
  Random random_;
  Art art_;
  Model model_;
  std::vector<MarkOf> marks_;
  std::vector<std::pair<ArtSnapshot, Model>> held_;
  size_t unfinished_ = 0;
};

}  // namespace

TEST_CASE("art: back to any mark, beside snapshots") {
  for (uint64_t seed = 0; seed < 80; ++seed) {
    CAPTURE(seed);
    Marked m(static_cast<int>(seed % test::kKeyStyles), seed + 4000);
    const bool tiny = seed % 4 == 3;
    for (int i = 0; !tiny && i < 400; ++i) m.Write();
    for (int step = 0; step < 300; ++step) {
      for (uint64_t n = m.Below(tiny ? 3 : 30); n > 0; --n) m.Write();
      if (m.Below(4) == 0) m.Statement();
      if (m.Below(tiny ? 20 : 200) == 0) m.Clear();
      const uint64_t dice = m.Below(100);
      if (dice < 40) {
        m.Mark();
      } else if (dice < 60) {
        m.Return(std::nullopt, true);
      } else if (dice < 70) {
        m.Release();
      } else if (dice < 73) {
        m.Commit();
      } else if (dice < 85) {
        m.Look();
      } else {
        m.LookAway();
      }
      if (step % 50 == 49) m.Check();
    }
  }
}

TEST_CASE("art: going back needs no memory but what was kept for it") {
  for (uint64_t seed = 0; seed < Seeds(); ++seed) {
    CAPTURE(seed);
    Marked m(static_cast<int>(seed % test::kKeyStyles), seed + 5000);
    for (int i = 0; i < 2000; ++i) m.Write();
    for (int round = 0; round < 30; ++round) {
      for (uint64_t marks = 1 + m.Below(4); marks > 0; --marks) {
        m.Mark();
        for (uint64_t n = m.Below(200); n > 0; --n) m.Write();
      }
      m.Return(0, true);
      if (m.Below(3) == 0) m.Commit();
    }
  }
}

TEST_CASE("art: many scattered writes are undone from what was kept") {
  // Erased, moved to other values, and both, out of leaves that other keys leave holes in.
  for (uint64_t kind = 0; kind < 6; ++kind) {
    CAPTURE(kind);
    Random random(kind);
    Art art;
    Model m;
    const auto value = [&](uint64_t style) {
      OwnValue v;
      v.number = random.Below(100);
      v.is_record = style % 2 == 1;
      if (v.is_record) v.record.assign(random.Below(60), 'r');
      return v;
    };
    const auto put = [&](const std::string& key, const OwnValue& v) {
      RequireOk(art.Put(key, {v.Get(), 1}));
      m[key] = v;
    };
    for (int i = 0; i < 60'000; ++i) put(test::StyledKey(2, random), value(kind));
    for (int round = 0; round < 3; ++round) {
      const Model before = m;
      const Art::Mark mark = art.SetMark();
      std::vector<std::string> keys;
      for (const auto& [key, v] : m) {
        if (random.Below(10) < 3) keys.push_back(key);
      }
      for (const std::string& key : keys) {
        if (kind / 2 != 1) {
          REQUIRE(art.Erase(key));
          m.erase(key);
        }
        if (kind / 2 != 0) put(key, value(kind));
      }
      {
        FailFrom fail(0);
        REQUIRE(art.UndoTo(mark));
      }
      m = before;
      RequireOk(art.Verify());
      RequireSame(art.Latest(), m);
      if (round == 1) art.ForgetMarks();
    }
  }
}

TEST_CASE("art: what memory kept from being undone is undone later") {
  size_t unfinished = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Marked m(static_cast<int>(seed % test::kKeyStyles), seed + 6000);
    for (int i = 0; i < 1000; ++i) m.Write();
    for (int round = 0; round < 30; ++round) {
      m.Mark();
      for (uint64_t n = m.Below(100); n > 0; --n) m.Write();
      m.Look();  // what is undone has to be copied first
      if (m.Below(2)) m.Mark();
      m.Return(static_cast<int64_t>(m.Below(20)), false);
      if (m.Below(3) == 0) m.LookAway();
      if (m.Below(6) == 0) m.Commit();
    }
    unfinished += m.unfinished();
  }
  CHECK(unfinished > 0);
}

TEST_CASE("art: a mark costs nothing, and one write little") {
  Art art;
  Random random(1);
  for (int i = 0; i < 150'000; ++i)
    RequireOk(art.Put("https://example.com/" + std::to_string(random()), {Value::Number(1), 1}));
  const uint64_t before = art.GetStats().total_bytes;
  for (int i = 0; i < 200; ++i) {
    static_cast<void>(art.SetMark());
    RequireOk(art.Put("https://example.com/" + std::to_string(random()), {Value::Number(1), 1}));
    art.ForgetMarks();
  }
  CHECK(art.GetStats().total_bytes < before + (64 << 10));
  // 100,000 marks with a write behind each, undone one by one.
  const uint64_t size = art.Latest().size();
  std::vector<Art::Mark> marks;
  for (int i = 0; i < 100'000; ++i) {
    marks.push_back(art.SetMark());
    RequireOk(art.Put("https://example.org/" + std::to_string(random()), {Value::Number(1), 1}));
  }
  while (!marks.empty()) {
    REQUIRE(art.UndoTo(marks.back()));
    marks.pop_back();
    if (marks.size() % 10'000 == 0) REQUIRE(art.Latest().size() == size + marks.size());
  }
  RequireOk(art.Verify());
}

}  // namespace memkv
