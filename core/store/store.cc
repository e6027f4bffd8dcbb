#include "core/store/store.h"

#include <cstring>
#include <limits>
#include <utility>

#include "core/pace.h"
#include "core/store/in_key_order.h"
#include "core/view/cursor.h"

namespace memkv {
namespace {

constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

Status CorruptRow(int64_t id, const std::string& what) {
  return Status::Corrupt("log row " + std::to_string(id) + ": " + what);
}

Status CompareRow(const ViewCursor& stored, const ViewCursor& shown, size_t columns) {
  std::string a_text, b_text;
  for (size_t i = 0; i < columns; ++i) {
    Datum a, b;
    MEMKV_TRY(stored.view().Column(stored.row(), i, &a_text, &a));
    MEMKV_TRY(shown.view().Column(shown.row(), i, &b_text, &b));
    if (a.kind == b.kind && a.integer == b.integer && a.bytes == b.bytes &&
        (a.kind != Datum::kReal || std::memcmp(&a.real, &b.real, sizeof a.real) == 0)) {
      continue;
    }
    return Status::Corrupt("row " + std::to_string(shown.rank()) +
                           " is not stored as it is shown (column " + std::to_string(i) + ")");
  }
  return {};
}

}  // namespace

void Store::SetFile(const std::string& file) {
  // Rows alone make a generation: contents with other indexes have other names.
  std::string name = file;
  for (const IndexDef& index : indexes_) name += " by " + index.ToText();
  if (name == file_) return;
  file_ = std::move(name);
  shown_.reset();
}

void Store::Create() {
  Journal::Position position;
  position.generation = FirstGeneration(columns_);
  storage_->ReplaceBase(position.generation, std::nullopt);
  journal_->SetPosition(position);
  const Rows::Version empty = Rows(columns_, indexes_).Remember();
  session_->Show(empty);
  Share(empty);
  shown_ = std::move(sealed_);
}

// Makes the content at the journal's position known, and holds it.
void Store::Share(const Rows::Version& content) {
  const Journal::Position& at = journal_->position();
  auto version = std::make_shared<StoredVersion>();
  version->name = Name(at.generation);
  version->content = content;
  version->log_bytes = at.log_bytes;
  version->log_operations = at.log_operations;
  version->merging = merging_;
  sealed_ =
      ShareVersion(std::move(version), merged_ || merging_ != (shown_ ? shown_->merging : nullptr));
}

void Store::Show(std::shared_ptr<const StoredVersion> version, int64_t log_id) noexcept {
  session_->Show(version->content);
  journal_->SetPosition(
      {version->name.generation, log_id, version->log_bytes, version->log_operations});
  merging_ = version->merging;
  bases_ = journal_->bases();
  shown_ = std::move(version);
}

Status Store::Refresh(const Rows::Poll& poll) {
  if (!storage_ || session_->in_transaction()) return {};
  const Storage::Head head = storage_->ReadHead();
  if (shown_ && head.generation == journal_->position().generation) {
    // Perhaps somebody has merged, which leaves the generation as it is.
    std::shared_ptr<const StoredVersion> known = FindVersion(Name(head.generation));
    Show(known ? std::move(known) : shown_, head.log_id);
    return {};
  }
  if (std::shared_ptr<const StoredVersion> known = FindVersion(Name(head.generation))) {
    Show(std::move(known), head.log_id);
    return {};
  }
  if (shown_ && head.log_id > journal_->position().log_id) {
    const Status status = CatchUp(head, poll);
    if (status.ok() || status.code() == Status::kInterrupted) return status;
  }
  return Reload(poll);
}

Status Store::Reload(const Rows::Poll& poll) {
  Loaded loaded;
  MEMKV_TRY(ReadAll(true, poll, &loaded));
  const int64_t log_id = loaded.position.log_id;
  auto version = std::make_shared<StoredVersion>();
  version->name = Name(loaded.position.generation);
  version->content = std::move(loaded.content);
  version->log_bytes = loaded.position.log_bytes;
  version->log_operations = loaded.position.log_operations;
  Show(ShareVersion(std::move(version)), log_id);
  return {};
}

// Applies the rows that were added to the log since. They must chain from what is shown: it may
// have been undone.
Status Store::CatchUp(const Storage::Head& head, const Rows::Poll& poll) {
  Journal::Position position = journal_->position();
  session_->Begin();
  Status status;
  try {
    status = ReadRows(position.log_id, kNewest, &session_->unnoted(), &position, poll);
    if (status.ok() && position.generation != head.generation)
      status = CorruptRow(position.log_id, "is not the newest");
    if (status.ok()) status = session_->Settle(poll);
    if (status.ok()) {
      const Rows::Version content = session_->Seal();
      journal_->SetPosition(position);
      Share(content);
    }
  } catch (...) {
    session_->Rollback();
    throw;
  }
  if (!status.ok()) {
    session_->Rollback();
    return status;
  }
  session_->Commit();
  Show(std::move(sealed_), head.log_id);
  return {};
}

Status Store::ReadRows(int64_t after, int64_t until, Rows* into, Journal::Position* position,
                       const Rows::Poll& poll, uint64_t enough) {
  InKeyOrder target(into, poll);
  const uint64_t before = position->log_operations;
  bool stopped = false;
  std::string batch;  // the pieces of one that goes on
  bool goes_on = false;
  const Status status = storage_->ReadLog(after, until, [&](const Storage::LogRow& row) -> Status {
    stopped = !goes_on && position->log_operations - before >= enough;
    if (stopped) return Status::Interrupted();
    Generation generation;
    if (!Generation::Decode(row.generation, &generation))
      return CorruptRow(row.id, "has no generation");
    if (row.data.empty() || static_cast<uint8_t>(row.data[0]) > 1)
      return CorruptRow(row.id, "is malformed");
    if (position->generation.Chain(row.data) != generation)
      return CorruptRow(row.id, "does not have its generation's content");
    const Bytes piece = row.data.substr(1);
    const bool more = row.data[0] == 1;
    Bytes whole = piece;
    if (goes_on || more) {
      batch += piece;
      whole = batch;
    }
    position->generation = generation;
    position->log_id = row.id;
    position->log_bytes += row.data.size();
    goes_on = more;
    if (more) return {};
    if (Status status = ReadBatch(whole, &target, &position->log_operations); !status.ok()) {
      return status.code() == Status::kCorrupt ? CorruptRow(row.id, status.message()) : status;
    }
    batch.clear();
    return {};
  });
  if (!stopped) MEMKV_TRY(status);
  MEMKV_TRY(target.Apply());
  return goes_on ? CorruptRow(position->log_id, "goes on, and is the last") : Status();
}

Status Store::ReadImage(const Generation& id, bool share, std::shared_ptr<const Fst>* out) {
  if (share && (*out = FindImage(Name(id)))) return {};
  std::optional<std::string> bytes = storage_->ReadImage();
  Generation expected = FirstGeneration(columns_);
  if (bytes) expected = expected.Chain(*bytes);
  if (expected != id)
    return Status::Corrupt("the frozen image does not have its generation's content");
  if (!bytes) return {};
  MEMKV_TRY(Fst::Open(FstImage::Checked(std::move(*bytes)), out));
  if ((*out)->columns() != columns_) {
    return Status::Corrupt("the frozen image has " + std::to_string((*out)->columns()) +
                           " columns (expected: " + std::to_string(columns_) + ")");
  }
  if (share) *out = ShareImage(Name(id), std::move(*out));
  return {};
}

// Everything up to a row of the log, into a table that nothing was done to. Its indexes are
// deferred.
Status Store::ReadUpTo(int64_t log_id, bool share_image, const Rows::Poll& poll, Rows* into,
                       Journal::Position* position) {
  const Storage::Base base = storage_->ReadBase();
  left_over_ = left_over_ || base.log_id > 0;
  position->generation = base.generation;
  position->log_id = base.log_id;
  if (base.image != FirstGeneration(columns_)) {
    std::shared_ptr<const Fst> image;
    MEMKV_TRY(ReadImage(base.image, share_image, &image));
    MEMKV_TRY(into->StartFrom(std::move(image)));
  }
  into->DeferIndexes();
  return ReadRows(base.log_id, log_id, into, position, poll);
}

Status Store::ReadAll(bool share_image, const Rows::Poll& poll, Loaded* out) {
  Rows loading(columns_, indexes_);
  MEMKV_TRY(ReadUpTo(kNewest, share_image, poll, &loading, &out->position));
  const Storage::Head head = storage_->ReadHead();
  if (head.generation != out->position.generation) {
    return CorruptRow(head.log_id,
                      "is the newest, but the rows before it do not lead there (ids begin at 1)");
  }
  MEMKV_TRY(loading.Settle(poll));
  out->content = loading.Remember();
  return {};
}

bool Store::PassedLimit() const {
  const Journal::Position& at = journal_->position();
  return limit_ && at.log_bytes > 0 && at.log_bytes >= limit_->log_bytes &&
         static_cast<double>(at.log_operations) >=
             limit_->operations_per_key *
                 static_cast<double>((session_->base() ? session_->base()->size() : 0));
}

Status Store::Sync(const Rows::Poll& poll) {
  if (!storage_ || !session_->in_transaction()) return {};
  MEMKV_TRY(journal_->Flush());
  DropVoidMerging();
  if (background_) {
    // Once: a commit that was refused comes again, and then the table is sealed.
    const Status status = sealed_ ? Status() : MergeOnTheWay(poll);
    if (!status.ok() && status.code() != Status::kInterrupted) return status;
  } else if (PassedLimit() && journal_->position().log_bytes >= hold_until_) {
    // Stopped while nothing was written: the next transaction merges.
    hold_if_refused_ = 2 * journal_->position().log_bytes;
    const Status status = session_->Freeze(poll);
    if (!status.ok() && status.code() != Status::kInterrupted) return status;
  }
  MEMKV_TRY(session_->Settle(poll));
  Share(session_->Seal());
  return {};
}

void Store::Commit() noexcept {
  if (!session_->in_transaction()) return;
  session_->Commit();
  if (sealed_) Show(std::move(sealed_), journal_->position().log_id);
  merged_ = false;
  if (hold_if_refused_ > 0) hold_until_ = hold_if_refused_ = 0;
}

void Store::Rollback() noexcept {
  session_->Rollback();
  if (!storage_) return;
  sealed_.reset();
  merged_ = false;
  merging_ = shown_ ? shown_->merging : nullptr;
  bases_ = journal_->bases();
  left_over_ = true;
  // It may be the merge that kept the transaction from its end: no room on the disk, or a reader.
  if (hold_if_refused_ > 0) hold_until_ = std::exchange(hold_if_refused_, 0);
}

Status Store::Rebuild(const Rows::Poll& poll) {
  if (!storage_) return {};
  MEMKV_TRY(journal_->Flush());
  Loaded loaded;
  MEMKV_TRY(ReadAll(false, poll, &loaded));
  session_->Replace(loaded.content, loaded.position);
  return {};
}

Status Store::VerifyStored(const Rows::Poll& poll) {
  if (!storage_) return {};
  MEMKV_TRY(journal_->Flush());
  Loaded loaded;
  MEMKV_TRY(ReadAll(false, poll, &loaded));
  if (loaded.position.generation != journal_->position().generation) {
    return Status::Corrupt("stored is generation " + loaded.position.generation.ToString() +
                           ", shown is " + journal_->position().generation.ToString());
  }
  ViewCursor stored(View(loaded.content.snapshot, loaded.content.base)), shown(session_->Latest());
  stored.SeekFirst();
  shown.SeekFirst();
  Pace pace;
  for (uint64_t i = 0; stored.Valid() && shown.Valid(); ++i) {
    if (stored.key() != shown.key()) {
      return Status::Corrupt("row " + std::to_string(i) +
                             " is stored with another key than it is shown with");
    }
    MEMKV_TRY(CompareRow(stored, shown, columns_));
    if (pace.Due(stored.key().size()) && poll && poll(i, session_->size()))
      return Status::Interrupted();
    stored.Next();
    shown.Next();
  }
  MEMKV_TRY(stored.status());
  MEMKV_TRY(shown.status());
  if (!stored.Valid() && !shown.Valid()) return {};
  return Status::Corrupt("more rows are " +
                         std::string(stored.Valid() ? "stored than shown" : "shown than stored"));
}

}  // namespace memkv
