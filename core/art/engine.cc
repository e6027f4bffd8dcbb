// How long an engine lives, and its versions.

#include "core/art/engine.h"

#include <algorithm>
#include <utility>

namespace memkv::art {

void Pin(Version* v) noexcept { v->refs.fetch_add(1, std::memory_order_relaxed); }

void Unpin(Version* v) noexcept {
  if (v->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Engine* e = v->engine;
  e->heap().Release(v);
  e->Unref();
}

Engine::~Engine() {
  if (orphaned_) orphaned_->fetch_sub(orphaned_bytes_, std::memory_order_relaxed);
}

void Engine::Unref() noexcept {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    this->~Engine();
    Free(this, sizeof(Engine));
  }
}

void Engine::Own() noexcept {
  coding_.learning().AddTree();
  if (orphaned_) orphaned_->fetch_sub(orphaned_bytes_, std::memory_order_relaxed);
  orphaned_ = nullptr;
}

void Engine::Disown(std::shared_ptr<std::atomic<uint64_t>> orphaned) noexcept {
  orphaned_bytes_ = held_bytes();
  coding_.learning().RemoveTree();
  orphaned_ = std::move(orphaned);
  orphaned_->fetch_add(orphaned_bytes_, std::memory_order_relaxed);
}

Version* Engine::Take() {
  heap_.Reap();
  if (Version* v = heap_.PinNewest()) return v;
  Version* v = heap_.Take();
  v->engine = this;
  AddRef();
  return v;
}

void Engine::Restore(Version* v) noexcept {
  heap_.Reap();
  heap_.Restore(v);
  sweep_.StartOver();
  hint_.Clear();
}

void Engine::KeepUndo(Bytes key, const Leaf& leaf, const Entry* had) {
  had ? undo->Add(key, *had) : undo->AddMissing(key);
  const size_t leaf_bytes = kGranule * leaf.granules;
  const size_t block = std::max(leaf_bytes, had ? FarRecord::Bytes(had->value.record.size()) : 0);
  heap_.ReserveUndo(undo->held_bytes(), leaf_bytes, block);
}

void Engine::KeepUndo(Bytes key, const Leaf& leaf, uint32_t i) {
  const Entry had = leaf.entry(i, head().leaves);
  KeepUndo(key, leaf, &had);
}

}  // namespace memkv::art
