// Secondary indexes against std::map: an index's delta over a frozen index, whatever lies in which.

#include <algorithm>
#include <map>

#include "core/index_key.h"
#include "core/key.h"
#include "core/row.h"
#include "core/store/session.h"
#include "core/view/index_rows.h"
#include "tests/core/ordered_contract.h"

namespace memkv {
namespace {

using test::Model;
using test::Random;

void RequireOk(const Status& s) { REQUIRE_MESSAGE(s.ok(), s.message()); }

// Values that are often equal, of every class.
Datum AnyValue(Random& random, std::string* text) {
  switch (random.Below(8)) {
    case 0:
      return Datum::Null();
    case 1:
      return Datum::Integer(static_cast<int64_t>(random.Below(5)));
    case 2:
      return Datum::Integer((int64_t{1} << 60) + static_cast<int64_t>(random.Below(4)));
    case 3:
    case 4:
      return Datum::Real(static_cast<double>(random.Below(1000)) / 8 - 30);
    case 5:
      *text = std::string(random.Below(3), '\0') + "x";
      return Datum::Blob(*text);
    default:
      *text = std::string("the same beginning ").substr(0, 8 * random.Below(3)) +
              std::string(random.Below(2), '\0') + std::to_string(random.Below(20));
      return Datum::Text(*text);
  }
}

// A table of two columns, of which the second has an index; some rows frozen, some written since,
// others erased or changed. The model has the index keys.
template <bool kFrozen, bool kDelta>
struct IndexAdapter {
  static constexpr bool kHoldsValues = false;

  explicit IndexAdapter(const Model& m) : table(2, {1}) {
    Random random(m.size() + 11);
    std::vector<std::string> late, changed;
    for (const auto& [k, v] : m) {
      if (kDelta && kFrozen && random.Below(2) == 0) {
        if (random.Below(2) == 0) {
          PutOther(k, random);  // to be changed
        }
        late.push_back(k);
      } else {
        Put(k);
      }
      if (kDelta && random.Below(5) == 0) {
        PutOther(k, random);
        changed.push_back(k);
      }
    }
    std::vector<std::string> gone;
    for (size_t i = 0; i < m.size() / 4; ++i) {
      gone.push_back(EncodeKey(Datum::Text("gone" + std::to_string(i))));
      PutRow(gone.back(), Datum::Integer(static_cast<int64_t>(random.Below(5))));
    }
    if (kFrozen && kDelta) Freeze();
    bool existed;
    for (const std::string& k : late) Put(k);
    for (const std::string& k : changed) Put(k);
    for (const std::string& k : gone) {
      RequireOk(table.Erase(k, &existed));
      REQUIRE(existed);
    }
    if (kDelta) {
      for (const auto& [k, v] : m) {
        if (random.Below(4) == 0) Put(k);  // another row with the same value
        if (random.Below(8) != 0) continue;
        RequireOk(table.Erase(KeyPart(k), &existed));  // gone and back
        REQUIRE(existed);
        Put(k);
      }
    }
    if (kFrozen && !kDelta) Freeze();
    RequireOk(table.Verify(nullptr));
    REQUIRE(table.size() == m.size());
    view = table.Latest();
    index = view.Index(0);
  }

  static std::string KeyPart(const std::string& index_key) {
    Bytes value, key;
    REQUIRE(SplitIndexKey(index_key, &value, &key));
    return std::string(key);
  }
  void PutRow(const std::string& key, const Datum& v) {
    const Datum row[2] = {Datum::Integer(static_cast<int64_t>(table.size())), v};
    std::string record;
    bool existed;
    RequireOk(table.Put(key, EncodeRow(row, &record), true, &existed));
  }
  void Put(const std::string& index_key) {
    Bytes value, key;
    REQUIRE(SplitIndexKey(index_key, &value, &key));
    std::string buffer;
    Datum v;
    REQUIRE(DecodeIndexValue(value, &buffer, &v));
    PutRow(std::string(key), v);
  }
  void PutOther(const std::string& index_key, Random& random) {
    std::string text;
    PutRow(KeyPart(index_key), AnyValue(random, &text));
  }
  void Freeze() {
    RequireOk(table.Freeze(nullptr));
    RequireOk(table.Verify(nullptr));
  }

  IndexCursor NewCursor() const { return IndexCursor(index); }
  bool Find(Bytes key, Entry*) const {
    IndexCursor c(index);
    c.Seek(key);
    return c.Valid() && c.key() == key;
  }
  uint64_t Rank(Bytes key) const {
    uint64_t rank;
    RequireOk(index.Rank(key, &rank));
    return rank;
  }

  Session table;
  View view;
  IndexView index;
};

template <class Adapter>
void CheckIndexes() {
  for (size_t n : {0, 1, 2, 63, 64, 65, 700, 5000}) {
    CAPTURE(n);
    Random random(n);
    Model m;
    for (size_t i = 0; i < n; ++i) {
      std::string index_key, text;
      AppendIndexValue(AnyValue(random, &text), &index_key);
      AppendKey(Datum::Text(std::to_string(i * 2654435761u % 100003) + "/" + std::to_string(i)),
                &index_key);
      m[index_key] = test::AnyValue(random);
    }
    test::CheckModel<Adapter>(m, random);
    // Each row is found from its place, and its place from the row.
    Adapter a(m);
    IndexRows rows(a.view, 0);
    uint64_t rank = 0;
    rows.cursor().SeekFirst();
    for (const auto& [index_key, v] : m) {
      RowRef row, found_row;
      Bytes key;
      RequireOk(rows.Key(&key));
      const std::string key_there(key);
      REQUIRE(key_there == Adapter::KeyPart(index_key));
      RequireOk(rows.Row(&row));
      bool found;
      RequireOk(a.view.Find(key_there, &found, &found_row));
      REQUIRE(found);
      Datum id, other_id;
      std::string buffer, other_buffer;
      RequireOk(a.view.Column(row, 0, &buffer, &id));
      RequireOk(a.view.Column(found_row, 0, &other_buffer, &other_id));
      REQUIRE(id.integer == other_id.integer);
      uint64_t got;
      RequireOk(a.view.IndexRank(0, key_there, found_row, &got));
      REQUIRE(got == rank++);
      rows.cursor().Next();
    }
    CHECK(!rows.cursor().Valid());
  }
}

}  // namespace

TEST_CASE("an index of a delta keeps the contract") { CheckIndexes<IndexAdapter<false, true>>(); }
TEST_CASE("an index of a base keeps the contract") { CheckIndexes<IndexAdapter<true, false>>(); }
TEST_CASE("an index of a delta over a base keeps the contract") {
  CheckIndexes<IndexAdapter<true, true>>();
}

TEST_CASE("ranges of rows leave the index with them, savepoints bring it back") {
  for (const bool frozen : {false, true}) {
    for (const bool some : {false, true}) {
      Session table(1, {0});
      bool existed;
      auto put = [&](int i) {
        RequireOk(table.Put(EncodeKey(Datum::Text("k" + std::to_string(i))),
                            Value::Number(static_cast<uint64_t>(i * 7919 % 1000) + 1), true,
                            &existed));
      };
      for (int i = 0; i < 1000; ++i) put(i);
      if (frozen) RequireOk(table.Freeze(nullptr));
      for (int i = 900; i < 1100; ++i) put(i);
      table.Begin();
      table.Savepoint(0);
      uint64_t erased;
      RequireOk(table.EraseRange(EncodeKey(Datum::Text("k")), Bytes(some ? "\x02k5" : "\x02l"),
                                 nullptr, &erased));
      RequireOk(table.Verify(nullptr));
      CHECK(table.Latest().Index(0).size() == table.size());
      CHECK(erased == (some ? 545 : 1100));
      table.RollbackTo(0);
      RequireOk(table.Verify(nullptr));
      CHECK(table.Latest().Index(0).size() == 1100);
      CHECK(table
                .EraseRange(
                    Bytes("\x02"), Bytes("\x03"), [](uint64_t, uint64_t) { return true; }, &erased)
                .ok());  // fewer rows than are polled for
      table.Rollback();
      RequireOk(table.Verify(nullptr));
      CHECK(table.size() == 1100);
      RequireOk(table.Truncate());
      RequireOk(table.Verify(nullptr));
      CHECK(table.Latest().Index(0).size() == 0);
    }
  }
}

TEST_CASE("a value and a key too long for an index are refused, with nothing changed") {
  Session table(2, {0, 1});
  bool existed;
  const std::string key = EncodeKey(Datum::Text(std::string(600000, 'k'))), text(600000, 't');
  std::string record;
  const Datum row[2] = {Datum::Integer(1), Datum::Text(text)};
  const Status status = table.Put(key, EncodeRow(row, &record), true, &existed);
  CHECK(status.code() == Status::kTooBig);
  CHECK(status.message().find("600002 bytes") != std::string::npos);
  CHECK(status.message().find("600001") != std::string::npos);
  CHECK(table.size() == 0);
  CHECK(table.settled());
  RequireOk(table.Verify(nullptr));
}

TEST_CASE("indexes that were deferred are made of all rows at once") {
  for (const bool frozen : {false, true}) {
    Session table(1, {0});
    bool existed;
    Random random(3);
    if (frozen) {
      for (int i = 0; i < 500; ++i)
        RequireOk(
            table.Put("\x02" + std::to_string(i), Value::Number(random.Below(9)), true, &existed));
      RequireOk(table.Freeze(nullptr));
    }
    table.unnoted().DeferIndexes();
    CHECK(!table.settled());
    for (int i = 0; i < 3000; ++i) {
      const std::string key = "\x02" + std::to_string(random.Below(1000));
      if (random.Below(4) == 0) {
        RequireOk(table.Erase(key, &existed));
      } else {
        RequireOk(table.Put(key, Value::Number(random.Below(9)), true, &existed));
      }
    }
    RequireOk(table.Settle(nullptr));
    CHECK(table.settled());
    RequireOk(table.Verify(nullptr));
    RequireOk(table.Put("\x02later", Value::Number(3), true, &existed));
    RequireOk(table.Verify(nullptr));
  }
}

// Batches in transactions, most of them long enough to leave the indexes to the end, with
// savepoints, rollbacks, reads in between and freezes, against a map of each moment.
TEST_CASE("transactions that multiply the delta leave its indexes to the end") {
  using Rows = std::map<std::string, uint64_t>;
  Random random(11);
  size_t deferred = 0, read_deferred = 0, undone_deferred = 0;
  for (int round = 0; round < 60; ++round) {
    Session table(1, {0});
    Rows rows, begun;
    std::vector<Rows> marks;
    bool existed;
    std::string unused;  // a small integer has no record
    auto row_of = [&unused](uint64_t value) {
      const Datum row = Datum::Integer(static_cast<int64_t>(value));
      return EncodeRow({&row, 1}, &unused);
    };
    auto put = [&](uint64_t n) {
      const bool sorted = random.Below(3) == 0;
      std::vector<std::string> keys;
      std::vector<memkv::Rows::NewRow> batch;
      for (uint64_t i = 0; i < n; ++i) {
        const std::string key =
            "\x02" + std::to_string(sorted ? 1000000 + 7 * i : random.Below(2000));
        const uint64_t value = 1 + random.Below(200);
        rows[key] = value;
        if (sorted) {
          keys.push_back(key);
          batch.push_back({{}, row_of(value), true});
        } else {
          RequireOk(table.Put(key, row_of(value), true, &existed));
        }
      }
      for (size_t i = 0; i < batch.size(); ++i) batch[i].key = keys[i];
      RequireOk(table.PutMany(batch));
    };
    auto read = [&] {
      read_deferred += !table.settled();
      RequireOk(table.Settle(nullptr));
      RequireOk(table.Verify(nullptr));
      REQUIRE(table.size() == rows.size());
      const View view = table.Latest();
      IndexRows at(view, 0);
      std::vector<std::pair<uint64_t, std::string>> expected;
      for (const auto& [key, value] : rows) expected.emplace_back(value, key);
      std::sort(expected.begin(), expected.end());
      at.cursor().SeekFirst();
      for (const auto& [value, key] : expected) {
        REQUIRE(at.cursor().Valid());
        Bytes got;
        RequireOk(at.Key(&got));
        REQUIRE(got == key);
        at.cursor().Next();
      }
      REQUIRE(!at.cursor().Valid());
    };
    for (int step = 0; step < 30; ++step) {
      if (!table.in_transaction()) {
        table.Begin();
        begun = rows;
        marks.clear();
      }
      switch (random.Below(9)) {
        case 0:
        case 1:
        case 2:
          put(random.Below(2) ? 300 : random.Below(40));
          deferred += !table.settled();
          break;
        case 3:
          for (int i = 0; i < 20 && !rows.empty(); ++i) {
            const auto at =
                std::next(rows.begin(), static_cast<ptrdiff_t>(random.Below(rows.size())));
            RequireOk(table.Erase(at->first, &existed));
            REQUIRE(existed);
            rows.erase(at);
          }
          break;
        case 4:
          table.Savepoint(static_cast<int>(marks.size()));
          marks.push_back(rows);
          break;
        case 5:
          if (marks.empty()) break;
          undone_deferred += !table.settled();
          marks.resize(1 + random.Below(marks.size()));
          table.RollbackTo(static_cast<int>(marks.size()) - 1);
          rows = marks.back();
          break;
        case 6:
          if (random.Below(3) == 0) RequireOk(table.Freeze(nullptr));
          break;
        case 7:
          read();
          break;
        default:
          if (random.Below(2)) {
            table.Commit();
          } else {
            undone_deferred += !table.settled();
            table.Rollback();
            rows = begun;
          }
      }
    }
    read();
  }
  CHECK(deferred > 50);
  CHECK(read_deferred > 10);
  CHECK(undone_deferred > 10);
}

}  // namespace memkv
