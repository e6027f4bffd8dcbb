// The embedded stores that a table in a file is measured beside, where their packages are there:
// RocksDB and LMDB, with 8 bytes of value to a key.

#ifndef MEMKV_BENCH_KV_STORES_H_
#define MEMKV_BENCH_KV_STORES_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "bench/corpus.h"

#ifdef MEMKV_BENCH_ROCKSDB
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#endif
#ifdef MEMKV_BENCH_LMDB
#include <lmdb.h>
#include <sys/stat.h>
#endif

namespace memkv::bench {

class KvStore {
 public:
  virtual ~KvStore() = default;
  virtual void Put(Bytes key, uint64_t value) = 0;  // a transaction
  virtual void PutAll(const KeyList& keys) = 0;     // one transaction
  virtual bool Get(Bytes key) = 0;                  // a read transaction
};

#ifdef MEMKV_BENCH_ROCKSDB
// As it comes: its log is written at each Put, and synced with it if `sync`.
class RocksDbStore : public KvStore {
 public:
  static constexpr const char* kName = "RocksDB";

  RocksDbStore(const std::string& folder, bool sync) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    Must(rocksdb::DB::Open(options, folder, &db));
    db_.reset(db);
    write_.sync = sync;
  }
  void Put(Bytes key, uint64_t value) override { Must(db_->Put(write_, key, Raw(&value))); }
  void PutAll(const KeyList& keys) override {
    rocksdb::WriteBatch batch;
    for (uint64_t i = 0; i < keys.size(); ++i) Must(batch.Put(keys[i], Raw(&i)));
    Must(db_->Write(write_, &batch));
  }
  bool Get(Bytes key) override {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), key, &value);
    return status.ok();
  }

 private:
  static rocksdb::Slice Raw(const uint64_t* value) {
    return {reinterpret_cast<const char*>(value), sizeof *value};
  }
  static void Must(const rocksdb::Status& status) {
    if (status.ok()) return;
    std::fprintf(stderr, "RocksDB: %s\n", status.ToString().c_str());
    std::exit(1);
  }

  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_;
};
#endif

#ifdef MEMKV_BENCH_LMDB
// MDB_NOSYNC unless `sync`: as with SQLite at synchronous = NORMAL no commit waits for the disk
// (but a file that the system tears may be lost as a whole). Debian's takes no key over 511 bytes:
// a longer one is cut to that, which makes it no faster.
class LmdbStore : public KvStore {
 public:
  static constexpr const char* kName = "LMDB";

  LmdbStore(const std::string& folder, bool sync) {
    mkdir(folder.c_str(), 0700);
    Must(mdb_env_create(&env_));
    Must(mdb_env_set_mapsize(env_, size_t{16} << 30));
    Must(mdb_env_open(env_, folder.c_str(), sync ? 0 : MDB_NOSYNC, 0600));
    MDB_txn* txn = Begin(0);
    Must(mdb_dbi_open(txn, nullptr, 0, &dbi_));
    Must(mdb_txn_commit(txn));
  }
  ~LmdbStore() override { mdb_env_close(env_); }
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  void Put(Bytes key, uint64_t value) override {
    MDB_txn* txn = Begin(0);
    PutIn(txn, key, value);
    Must(mdb_txn_commit(txn));
  }
  void PutAll(const KeyList& keys) override {
    MDB_txn* txn = Begin(0);
    for (uint64_t i = 0; i < keys.size(); ++i) PutIn(txn, keys[i], i);
    Must(mdb_txn_commit(txn));
  }
  bool Get(Bytes key) override {
    MDB_txn* txn = Begin(MDB_RDONLY);
    MDB_val k = Key(key), v;
    const int rc = mdb_get(txn, dbi_, &k, &v);
    mdb_txn_abort(txn);
    return rc == 0;
  }

 private:
  MDB_val Key(Bytes key) {
    return {std::min<size_t>(key.size(), static_cast<size_t>(mdb_env_get_maxkeysize(env_))),
            const_cast<char*>(key.data())};
  }
  MDB_txn* Begin(unsigned flags) {
    MDB_txn* txn = nullptr;
    Must(mdb_txn_begin(env_, nullptr, flags, &txn));
    return txn;
  }
  void PutIn(MDB_txn* txn, Bytes key, uint64_t value) {
    MDB_val k = Key(key), v{sizeof value, &value};
    Must(mdb_put(txn, dbi_, &k, &v, 0));
  }
  static void Must(int rc) {
    if (rc == 0) return;
    std::fprintf(stderr, "LMDB: %s\n", mdb_strerror(rc));
    std::exit(1);
  }

  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};
#endif

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_KV_STORES_H_
