// Files of a test: in a folder of its own, which goes with it. No two processes share one.

#ifndef MEMKV_TESTS_FOLDER_H_
#define MEMKV_TESTS_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace memkv::test {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "memkv-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The name of one file in such a folder.
class TempFile {
 public:
  explicit TempFile(const std::string& name = "file") : path_(folder_ / name) {}
  const std::string& path() const { return path_; }

 private:
  const Folder folder_;
  const std::string path_;
};

inline std::string ReadAll(const std::string& path) {
  std::ostringstream s;
  s << std::ifstream(path, std::ios::binary).rdbuf();
  return s.str();
}

inline void WriteAll(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_FOLDER_H_
