#include "core/art/token_coder.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace memkv::art {

TokenCoder::TokenCoder(const TokenBook& book) : book_(&book), nodes_(1024), ends_(1024) {
  is_base_.resize(nodes_.size());
  is_base_[0] = true;  // the root's
  for (uint32_t t = 0; t < book.room(); ++t) {
    if (book[t].length) order_.push_back(static_cast<uint16_t>(t));
  }
  sorted_.resize(order_.size());
  // Node c is what byte c leads to from the root. Each is there.
  for (uint32_t c = 0; c < 256; ++c) nodes_[c] = kTaken | c;
  below_.reserve(order_.size());
  below_.push_back({0, 0, static_cast<uint32_t>(order_.size()), 0});
}

bool TokenCoder::Build(uint32_t steps) {
  steps_ = 0;
  while (next_ < below_.size()) {
    if (steps_ >= steps) return false;
    LayOut(Below(below_[next_++]));
  }
  if (order_.empty()) return true;
  // A node without children has those of the end, where there are none.
  nodes_.resize(end_ + 256);
  nodes_.shrink_to_fit();
  ends_.resize(end_);
  ends_.shrink_to_fit();
  for (uint32_t& x : nodes_) {
    if (x >> kBaseShift == 0 && !(x & kTail)) x |= end_ << kBaseShift;
  }
  decltype(order_)().swap(order_);
  decltype(sorted_)().swap(sorted_);
  decltype(below_)().swap(below_);
  decltype(is_base_)().swap(is_base_);
  return true;
}

void TokenCoder::LayOut(const Below& b) {
  const bool root = b.depth == 0;
  uint32_t from = b.from;
  for (uint32_t i = from; i < b.to && !root; ++i) {
    if ((*book_)[order_[i]].length != b.depth) continue;
    ends_[b.node] = order_[i];
    nodes_[b.node] |= kEnds;
    std::swap(order_[i], order_[from++]);
    break;
  }
  const uint32_t n = b.to - from;
  steps_ += 4 + 2 * n;
  if (n == 0) return;
  if (n == 1 && from == b.from && !root) {
    nodes_[b.node] |= kTail | uint32_t{order_[from]} << kBaseShift;
    return;
  }
  // By the next byte.
  uint32_t count[256] = {};
  uint8_t bytes[256];
  uint32_t kinds = 0;
  const auto byte = [&](uint32_t i) { return (*book_)[order_[i]].text[b.depth]; };
  for (uint32_t i = from; i < b.to; ++i) {
    if (count[byte(i)]++ == 0) bytes[kinds++] = byte(i);
  }
  uint32_t at[256];
  for (uint32_t k = 0, sum = from; k < kinds; sum += count[bytes[k++]]) at[bytes[k]] = sum;
  for (uint32_t i = from; i < b.to; ++i) sorted_[at[byte(i)]++] = order_[i];
  std::copy(sorted_.begin() + from, sorted_.begin() + b.to, order_.begin() + from);
  const uint32_t base = root ? 0 : FindBase(bytes, kinds);
  if (!root) nodes_[b.node] |= base << kBaseShift;
  for (uint32_t k = 0; k < kinds; ++k) {
    const uint8_t c = bytes[k];
    const uint32_t child = base + c;
    nodes_[child] = kTaken | c;
    below_.push_back({child, at[c] - count[c], at[c], b.depth + 1});
  }
}

bool TokenCoder::IsFree(uint32_t base, const uint8_t* bytes, uint32_t n) const {
  if (is_base_[base]) return false;
  for (uint32_t k = 0; k < n; ++k) {
    if (nodes_[base + bytes[k]]) return false;
  }
  return true;
}

// For children by these bytes: in the first holes that fit, else behind all.
uint32_t TokenCoder::FindBase(const uint8_t* bytes, uint32_t n) {
  constexpr uint32_t kTries = 64, kFar = 2048;
  if (end_ + 512 > nodes_.size()) {
    nodes_.resize(nodes_.size() + nodes_.size() / 4 + 512);
    ends_.resize(nodes_.size());
    is_base_.resize(nodes_.size());
  }
  while (first_free_ < end_ && nodes_[first_free_]) ++first_free_;
  uint32_t base = 0, tries = 0;
  for (uint32_t i = std::max<uint32_t>(first_free_, bytes[0] + 1u); i < end_; ++i) {
    ++steps_;
    if (nodes_[i]) continue;
    if (++tries > kTries || i > first_free_ + kFar) break;
    if (!IsFree(i - bytes[0], bytes, n)) continue;
    base = i - bytes[0];
    break;
  }
  if (!base) {
    if (tries > kTries) ++first_free_;  // what is hard to fill stays empty
    base = end_ - *std::min_element(bytes, bytes + n);
    while (is_base_[base]) ++base;
  }
  is_base_[base] = true;
  end_ = std::max(end_, base + *std::max_element(bytes, bytes + n) + 1u);
  return base;
}

uint32_t TokenCoder::Recode(const uint8_t* text, uint32_t n, uint32_t from, const uint8_t* old,
                            uint32_t old_n, uint32_t skip, uint8_t* code) const {
  uint8_t* o = code;
  // Places in the old text and this one, where those that are the same have the same number.
  const uint32_t end = n + skip, shared = from + skip;
  uint32_t at = skip, old_at = from, i = 0;
  while (at < end) {
    while (old_at < std::max(at, shared) && i < old_n) old_at += book_->Next(old, &i).length;
    if (old_at == at && at >= shared) {
      std::memcpy(o, old + i, old_n - i);
      return static_cast<uint32_t>(o - code) + old_n - i;
    }
    const Match m = Longest(text + (at - skip), end - at);
    book_->PutCode(m.token, o);
    o += book_->CodeBytes(m.token);
    at += m.length;
  }
  return static_cast<uint32_t>(o - code);
}

}  // namespace memkv::art
