// The log's bytes: what goes in comes out, marks give back what was buffered, and no bytes can harm
// the reader.

#include "core/store/log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/core/ordered_keys.h"

namespace memkv {
namespace {

// Writes down what it is told.
class Told : public LogTarget {
 public:
  Status Put(Bytes key, const Value& value) override {
    lines.push_back("put " + std::string(key) +
                    (value.is_record ? " record " + std::string(value.record)
                                     : " " + std::to_string(value.number)));
    return {};
  }
  Status Erase(Bytes key) override {
    lines.push_back("erase " + std::string(key));
    return {};
  }
  Status EraseRange(Bytes lo, std::optional<Bytes> hi) override {
    lines.push_back("range " + std::string(lo) + " " + (hi ? std::string(*hi) : "end"));
    return {};
  }
  std::vector<std::string> lines;
};

void Put(LogBuffer* log, const std::string& key, const Value& value) {
  log->Reserve(key, value);
  log->Put(key, value);
}

std::vector<std::string> Read(Bytes batch) {
  Told told;
  const Status status = ReadBatch(batch, &told);
  CHECK_MESSAGE(status.ok(), status.message());
  return told.lines;
}

}  // namespace

TEST_CASE("what goes into a log comes out") {
  test::Random random(7);
  LogBuffer log;
  std::vector<std::string> expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = test::StyledKey(static_cast<int>(random.Below(2)), random),
                      other = key + "x";
    const std::string record(random.Below(300), 'r');
    switch (random.Below(5)) {
      case 0:
        Put(&log, key, Value::Number(random.Below(2) * random.Below(1u << 30)));
        break;
      case 1:
        Put(&log, key, Value::Record(record));
        expected.push_back("put " + key + " record " + record);
        continue;
      case 2:
        log.Reserve(key, {});
        log.Erase(key);
        expected.push_back("erase " + key);
        continue;
      case 3:
        log.Reserve(key.size() + other.size());
        log.EraseRange(key, other);
        expected.push_back("range " + key + " " + other);
        continue;
      case 4:
        log.Reserve(key.size());
        log.EraseRange(key, std::nullopt);
        expected.push_back("range " + key + " end");
        continue;
    }
    expected.push_back(Read(log.bytes()).back());
    CHECK(expected.back().starts_with("put " + key + " "));
    if (i > 200) break;  // reading it all for each put is slow
  }
  CHECK(Read(log.bytes()) == expected);
  CHECK(log.operations() == expected.size());
}

TEST_CASE("a mark gives back what was buffered, written since or not") {
  LogBuffer log;
  Put(&log, "key 1", Value::Number(1));
  const LogBuffer::Mark mark = log.Now();
  Put(&log, "key 2", Value::Number(2));
  const LogBuffer::Mark inner = log.Now();
  log.Clear();
  Put(&log, "key 3", Value::Number(3));
  log.Return(inner);
  CHECK(Read(log.bytes()) == std::vector<std::string>{"put key 1 1", "put key 2 2"});
  log.Return(mark);
  Put(&log, "key 4", Value::Number(4));
  CHECK(Read(log.bytes()) == std::vector<std::string>{"put key 1 1", "put key 4 4"});
  CHECK(log.operations() == 2);
}

TEST_CASE("sorted keys take few bytes") {
  LogBuffer log;
  for (int i = 0; i < 1000; ++i)
    Put(&log, "https://www.example.com/a/long/path/" + std::to_string(100000 + i), {});
  CHECK(log.bytes().size() < 1000 * 7);
}

TEST_CASE("no bytes can harm the reader of a log") {
  LogBuffer log;
  Put(&log, "key one", Value::Number(700));
  Put(&log, "key two", Value::Record("a record"));
  log.Reserve(20);
  log.EraseRange("a", "b");
  log.Erase("key one");
  const std::string whole(log.bytes());
  int refused = 0;
  for (size_t n = 0; n < whole.size(); ++n) {
    Told told;
    refused += !ReadBatch(Bytes(whole).substr(0, n), &told).ok();
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = whole;
      bad[n] = static_cast<char>(bad[n] ^ 1 << bit);
      Told damaged;
      refused += !ReadBatch(bad, &damaged).ok();
    }
  }
  CHECK(refused > 100);
  test::Random random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string noise(random.Below(40), '\0');
    for (char& c : noise) c = static_cast<char>(random.Below(256));
    if (!noise.empty()) noise[0] = static_cast<char>(random.Below(6));
    Told told;
    CHECK(ReadBatch(noise, &told).code() != Status::kFull);
  }
}

}  // namespace memkv
