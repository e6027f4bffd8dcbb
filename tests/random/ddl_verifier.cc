#include "tests/random/ddl_verifier.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace memkv::test {
namespace {

// Texts go through the pipes as one line each; they hold neither tabs nor NUL bytes.
bool ReadText(FILE* from, std::string* text) {
  text->clear();
  int c;
  while ((c = std::getc(from)) != EOF && c != '\0') *text += static_cast<char>(c);
  return c == '\0';
}

void WriteText(FILE* to, const std::string& text) {
  std::fwrite(text.c_str(), 1, text.size() + 1, to);
}

std::string Attach(const std::string& file) { return "ATTACH '" + file + "' AS aux"; }

}  // namespace

Failure CompareAtRest(const Pair& pair) {
  Db ours(pair.ours), theirs(pair.theirs, Load::kNothing);
  std::vector<std::string> schemas = {"main"};
  if (!pair.our_attached.empty()) {
    ours.Exec(Attach(pair.our_attached));
    theirs.Exec(Attach(pair.their_attached));
    schemas.push_back("aux");
  }
  if (Failure failure = CompareTables(ours, theirs, schemas)) return failure;
  return CheckIntegrity(ours, schemas);
}

int Verifier::Serve() {
  Pair pair;
  while (ReadText(stdin, &pair.ours) && ReadText(stdin, &pair.theirs) &&
         ReadText(stdin, &pair.our_attached) && ReadText(stdin, &pair.their_attached)) {
    Failure failure;
    try {
      failure = CompareAtRest(pair);
    } catch (const std::exception& e) {
      failure = {"open", e.what()};
    }
    WriteText(stdout, failure.kind);
    WriteText(stdout, failure.text);
    std::fflush(stdout);
  }
  return 0;
}

void Verifier::Start() {
  int to_child[2], from_child[2];
  if (pipe2(to_child, 0) != 0 || pipe2(from_child, 0) != 0) {
    throw std::runtime_error("pipe() failed");
  }
  child_ = fork();
  if (child_ < 0) throw std::runtime_error("fork() failed");
  if (child_ == 0) {
    dup2(to_child[0], STDIN_FILENO);
    dup2(from_child[1], STDOUT_FILENO);
    for (const int end : {to_child[0], to_child[1], from_child[0], from_child[1]}) close(end);
    alarm(0);
    execl("/proc/self/exe", "ddl_twin", kVerify, nullptr);
    _exit(127);
  }
  close(to_child[0]);
  close(from_child[1]);
  questions_ = fdopen(to_child[1], "w");
  answers_ = fdopen(from_child[0], "r");
}

Failure Verifier::Compare(const Pair& pair) {
  if (child_ < 0) Start();
  for (const std::string& text : {pair.ours, pair.theirs, pair.our_attached, pair.their_attached}) {
    WriteText(questions_, text);
  }
  std::fflush(questions_);
  Failure failure;
  if (ReadText(answers_, &failure.kind) && ReadText(answers_, &failure.text)) return failure;
  return {"crash", "the process that was to look at the databases has ended"};
}

Verifier::~Verifier() {
  if (child_ < 0) return;
  std::fclose(questions_);
  std::fclose(answers_);
  waitpid(child_, nullptr, 0);
}

}  // namespace memkv::test
