// Redis as a sorted set: a server of its own, on a unix socket, through its protocol (RESP).

#ifndef MEMKV_BENCH_STRUCTURES_REDIS_H_
#define MEMKV_BENCH_STRUCTURES_REDIS_H_

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>

#include "core/bytes.h"

namespace memkv::bench {

// Commands are gathered, sent together, and their replies read one by one.
class RedisServer {
 public:
  // False from ok() where there is no redis-server.
  explicit RedisServer(const std::string& folder) : path_(folder + "/redis.sock") {
    pid_ = fork();
    if (pid_ == 0) {
      if (std::freopen("/dev/null", "w", stdout) == nullptr) _exit(127);
      execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path_.c_str(), "--save",
             "", "--appendonly", "no", "--dir", folder.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    for (int i = 0; i < 100 && !Connect(); ++i) usleep(50000);
  }
  ~RedisServer() {
    if (socket_ >= 0) close(socket_);
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  bool ok() const { return socket_ >= 0; }

  void Command(std::initializer_list<Bytes> words) {
    out_ += '*' + std::to_string(words.size()) + "\r\n";
    for (const Bytes word : words) {
      out_ += '$' + std::to_string(word.size()) + "\r\n";
      out_.append(word);
      out_ += "\r\n";
    }
  }
  void Send() {
    for (size_t sent = 0; sent < out_.size();) {
      const ssize_t n = write(socket_, out_.data() + sent, out_.size() - sent);
      if (n <= 0) Fail("write");
      sent += static_cast<size_t>(n);
    }
    out_.clear();
  }
  // The next reply: a number or a text as text; of an array, its last element. Errors end the
  // bench.
  std::string Reply() {
    const std::string line = Line();
    const long n = std::atol(line.c_str() + 1);
    if (line[0] == '-') Fail(line.c_str());
    if (line[0] == ':' || line[0] == '+') return line.substr(1);
    std::string last;
    if (line[0] == '*') {
      for (long i = 0; i < n; ++i) last = Reply();
      return last;
    }
    if (n < 0) return "";
    while (in_.size() - at_ < static_cast<size_t>(n) + 2) Fill();
    last = in_.substr(at_, static_cast<size_t>(n));
    at_ += static_cast<size_t>(n) + 2;
    return last;
  }
  // A field of INFO memory.
  uint64_t Memory() {
    Command({"INFO", "memory"});
    Send();
    const std::string info = Reply();
    const size_t at = info.find("used_memory:");
    return at == std::string::npos ? 0 : std::strtoull(info.c_str() + at + 12, nullptr, 10);
  }

 private:
  bool Connect() {
    if (socket_ >= 0) return true;
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path_.c_str());
    const int s = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (s >= 0 && connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      socket_ = s;
      return true;
    }
    if (s >= 0) close(s);
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    return false;
  }
  void Fill() {
    if (at_ > 1 << 16) {
      in_.erase(0, at_);
      at_ = 0;
    }
    char buffer[1 << 14];
    const ssize_t n = read(socket_, buffer, sizeof buffer);
    if (n <= 0) Fail("read");
    in_.append(buffer, static_cast<size_t>(n));
  }
  std::string Line() {
    size_t end;
    while ((end = in_.find("\r\n", at_)) == std::string::npos) Fill();
    std::string line = in_.substr(at_, end - at_);
    at_ = end + 2;
    return line;
  }
  [[noreturn]] static void Fail(const char* what) {
    std::fprintf(stderr, "redis: %s\n", what);
    std::exit(1);
  }

  const std::string path_;
  pid_t pid_ = -1;
  int socket_ = -1;
  std::string out_, in_;
  size_t at_ = 0;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_STRUCTURES_REDIS_H_
