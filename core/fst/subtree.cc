#include "core/fst/subtree.h"

#include <algorithm>

#include "core/fst/format.h"

namespace memkv::fst {
namespace {

constexpr uint64_t kK1 = 0x9FB21C651E98DF25, kK2 = 0xD6E8FEB86659FD93, kK3 = 0xff51afd7ed558ccd,
                   kK4 = 0xc4ceb9fe1a85ec53;
constexpr size_t kMostEntries = size_t{1} << 21;

void MixText(Bytes text, Fingerprint* f) {
  const char* p = text.data();
  size_t n = text.size();
  uint64_t a = f->a, b = f->b;
  auto step = [&](uint64_t x) {
    a = (a ^ x) * kK1;
    a ^= a >> 32;
    b = (b + x) * kK2;
    b ^= b >> 29;
  };
  for (; n >= 8; p += 8, n -= 8) step(Load64(p));
  uint64_t rest = 0;
  for (size_t i = 0; i < n; ++i) rest |= uint64_t{static_cast<uint8_t>(p[i])} << (8 * i);
  step(rest ^ (uint64_t{text.size()} << 56));
  *f = {a, b};
}

}  // namespace

Shape Shape::Leaf() { return {{0x1234567, 99}, kLeafSize}; }
Shape Shape::Node(uint64_t seed) { return {{seed * kK3 + 1, seed * kK4 + 2}, 0}; }

void Shape::MarkFinal() {
  print.a = (print.a ^ kK4) * kK1;
  print.b = (print.b + kK3) * kK2;
  full += kLeafSize;
}

void Shape::Attach(Bytes label, const Shape& child) {
  Fingerprint f = child.print;
  MixText(label, &f);
  print.a = (print.a ^ f.a) * kK3;
  print.a ^= print.a >> 31;
  print.b = (print.b + f.b) * kK4;
  print.b ^= print.b >> 33;
  full += label.size() * kCharSize + child.full;
}

void SharedSet::Reserve(size_t n) {
  size_t slots = 16;
  while (slots < n * 2) slots *= 2;
  slots_.assign(slots, kNone);
  prints_.reserve(n);
}

void SharedSet::Add(const Fingerprint& print) {
  size_t i = print.a & (slots_.size() - 1);
  for (; slots_[i] != kNone; i = (i + 1) & (slots_.size() - 1)) {
    if (prints_[slots_[i]] == print) return;
  }
  slots_[i] = static_cast<uint32_t>(prints_.size());
  prints_.push_back(print);
}

uint32_t SharedSet::Find(const Fingerprint& print) const {
  for (size_t i = print.a & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i] == kNone || prints_[slots_[i]] == print) return slots_[i];
  }
}

RepeatFinder::RepeatFinder(uint64_t seed) : seed_(seed), table_(1024) {}

void RepeatFinder::Add(Bytes key, size_t shared) {
  if (any_) {
    const bool prefix = shared == last_.size();
    if (!prefix) CloseTo(shared);
    if (stack_.empty() || stack_.back().depth < shared) {
      stack_.push_back({static_cast<uint32_t>(shared), static_cast<uint32_t>(children_.size()),
                        Shape::Node(seed_), 0});
    }
    Open& top = stack_.back();
    if (prefix) {
      top.shape.MarkFinal();
      top.size += kLeafSize;
    } else {
      Hang(top, done_depth_);
    }
  }
  any_ = true;
  last_.resize(shared);
  last_.insert(last_.end(), key.begin() + static_cast<ptrdiff_t>(shared), key.end());
}

// Closes the open nodes deeper than `depth`; what is left to hang is done_.
void RepeatFinder::CloseTo(size_t depth) {
  done_ = Shape::Leaf();
  done_size_ = kLeafSize;
  done_tracked_ = false;
  done_depth_ = last_.size();
  while (!stack_.empty() && stack_.back().depth > depth) {
    Open& top = stack_.back();
    Hang(top, done_depth_);
    done_ = top.shape;
    done_depth_ = top.depth;
    done_tracked_ = done_.full >= kSmallestShared;
    bool seen = false;
    if (done_tracked_) {
      seen = Touch(done_.print, top.size);
      if (!seen) {
        for (size_t i = top.children; i < children_.size(); ++i) {
          if (Entry* e = Lookup(children_[i])) ++e->refs;
        }
      }
    }
    done_size_ = seen && top.size > kRefSize ? kRefSize + 16 : top.size;
    children_.resize(top.children);
    stack_.pop_back();
  }
}

void RepeatFinder::Hang(Open& open, size_t to) {
  const Bytes label(last_.data() + open.depth, to - open.depth);
  open.shape.Attach(label, done_);
  open.size += label.size() * kCharSize + done_size_;
  if (done_tracked_) children_.push_back(done_.print);
}

SharedSet RepeatFinder::Finish() {
  if (any_) CloseTo(0);
  if (!stack_.empty() && done_tracked_) children_.push_back(done_.print);
  for (size_t i = 0; i < children_.size(); ++i) {
    if (Entry* e = Lookup(children_[i])) ++e->refs;
  }
  std::vector<Fingerprint> pay = std::move(kept_);
  for (const Entry& e : table_) {
    if (Pays(e)) pay.push_back(e.print);
  }
  table_ = {};
  SharedSet set;
  set.Reserve(pay.size());
  for (const Fingerprint& print : pay) set.Add(print);
  return set;
}

// refs is the number of distinct parents, counted from 1 with the first sight.
bool RepeatFinder::Pays(const Entry& e) {
  if (e.refs < 3) return false;
  const uint64_t parents = e.refs - 1;
  return (parents - 1) * e.size > parents * kRefSize + 32;
}

RepeatFinder::Entry* RepeatFinder::Lookup(const Fingerprint& print) {
  Entry* bucket = &table_[(print.a & (table_.size() / 8 - 1)) * 8];
  for (int i = 0; i < 8; ++i) {
    if (bucket[i].refs && bucket[i].print == print) return &bucket[i];
  }
  return nullptr;
}

// One more subtree of this fingerprint; whether it was there before.
bool RepeatFinder::Touch(const Fingerprint& print, uint64_t size) {
  ++clock_;
  if (Entry* e = Lookup(print)) {
    e->last = clock_;
    return true;
  }
  if (used_ * 2 >= table_.size() && table_.size() < kMostEntries) Grow();
  Entry* bucket = &table_[(print.a & (table_.size() / 8 - 1)) * 8];
  Entry* victim = bucket;
  for (int i = 0; i < 8; ++i) {
    Entry& e = bucket[i];
    if (victim->refs == 0) break;
    if (e.refs == 0 || clock_ - e.last > clock_ - victim->last) victim = &e;
  }
  if (victim->refs == 0) ++used_;
  if (Pays(*victim)) kept_.push_back(victim->print);
  *victim = {print, 1, clock_, static_cast<uint32_t>(std::min<uint64_t>(size, 0xffffffff)), 0};
  return false;
}

void RepeatFinder::Grow() {
  std::vector<Entry> old(table_.size() * 2);
  old.swap(table_);
  used_ = 0;
  for (const Entry& e : old) {
    if (e.refs == 0) continue;
    Entry* bucket = &table_[(e.print.a & (table_.size() / 8 - 1)) * 8];
    for (int i = 0; i < 8; ++i) {
      if (bucket[i].refs == 0) {
        bucket[i] = e;
        ++used_;
        break;
      }
    }
  }
}

}  // namespace memkv::fst
