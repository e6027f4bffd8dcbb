// BenchFolder: a folder of a benchmark's own, gone with it.

#ifndef MEMKV_BENCH_BENCH_FOLDER_H_
#define MEMKV_BENCH_BENCH_FOLDER_H_

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace memkv::bench {

class BenchFolder {
 public:
  // Exits with a message where none can be made in `parent`.
  explicit BenchFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path())
      : path_((parent / "memkv-bench-XXXXXX").string()) {
    if (mkdtemp(path_.data()) != nullptr) return;
    std::fprintf(stderr, "bench: cannot make a folder %s\n", path_.c_str());
    std::exit(1);
  }
  ~BenchFolder() { std::filesystem::remove_all(path_); }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_BENCH_FOLDER_H_
