// Every file of sql/ runs, and answers right on a small set of URLs.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "tests/sql/db.h"

namespace memkv::test {
namespace {

const std::map<std::string, std::string> kAnswers = {
    {"hosts.sql",
     "'www.cdc.gov', 5 | 'example.com', 3 | 'www.example.com', 2 | NULL, 1 | '10.0.0.1', 1 | "
     "'localhost', 1"},
    {"top_level_domains.sql",
     "'com', 5, 2 | 'gov', 5, 1 | '(address)', 1, 1 | '(no domain)', 1, 1"},
    {"busiest_directories.sql",
     "'https://www.cdc.gov/', 5, '38.5' | 'https://www.cdc.gov/flu/', 4, '30.8' | "
     "'http://example.com/', 2, '15.4' | "
     "'http://www.example.com/', 2, '15.4' | 'ftp://10.0.0.1/', 1, '7.7' | 'ftp://10.0.0.1/pub/', "
     "1, '7.7' | 'http://localhost/', 1, '7.7' | "
     "'http://localhost/a/', 1, '7.7' | 'http://localhost/a/b/', 1, '7.7' | "
     "'http://www.example.com/a/', 1, '7.7' | "
     "'https://example.com/', 1, '7.7' | 'https://www.cdc.gov/flu/x/', 1, '7.7'"},
    {"path_depth.sql", "1, 5 | 2, 5 | 3, 2"},
    {"file_types.sql", "'pdf', 2 | 'gz', 1 | 'html', 1"},
    {"query_parameters.sql", "'id', 2 | 'page', 1 | 'q', 1"},
    {"duplicates.sql", "3, 'http://example.com/a', 'https://example.com/a'"},
    {"crawl_diff.sql", "'b.example', 1, 1, 0 | 'a.example', 1, 0, 1"},
    {"cdx_pages.sql",
     "'com,example)/', 3, '20190104120000', '20230919000000' | 'gov,cdc)/flu', 2, "
     "'20180101000000', '20220101000000' | 'com,example)/a.pdf', 1, '20200301080107', "
     "'20200301080107'"},
    {"cdx_newest.sql",
     "'com,example)/', '20190104120000', 'text/html' | 'com,example)/a.pdf', '20200301080107', "
     "'application/pdf' | 'gov,cdc)/flu', '20180101000000', 'text/html'"},
    {"cdx_years.sql", "2018, 1 | 2019, 1 | 2020, 2 | 2021, 0 | 2022, 1 | 2023, 1"},
    {"cdx_hosts.sql", "'com,example', 4 | 'gov,cdc', 2"},
    {"cdx_lost.sql", "'gov,cdc)/flu', '20220101000000', 404"},
    {"flame.sql",
     "1 | 'urls;https:/;/;www.cdc.gov/;flu/', 3 | 'urls;https:/;/;www.cdc.gov/;flu/;x/', 1"},
};

std::string Read(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("the files of sql/ answer as they say") {
  Db db;
  for (const char* table : {"urls", "crawl_before", "crawl_after"}) {
    db.Exec(std::string("CREATE VIRTUAL TABLE temp.") + table + " USING memkv");
  }
  db.Exec(
      "INSERT INTO urls(key) VALUES('https://www.cdc.gov/flu/a.pdf'), "
      "('https://www.cdc.gov/flu/b.PDF'), "
      "('https://www.cdc.gov/flu/c.tar.gz?id=1&page=2'), "
      "('https://www.cdc.gov/flu/x/index.html#top'), ('https://www.cdc.gov/?q=a&id=2'), "
      "('http://example.com/a'), ('https://example.com/a'), ('http://www.example.com/a/'), "
      "('http://www.example.com/b'), "
      "('http://example.com/c?'), ('mailto:a@b.example'), ('ftp://10.0.0.1/pub/x'), "
      "('http://localhost/a/b/')");
  db.Exec("INSERT INTO crawl_before(key) VALUES('http://a.example/1'), ('http://b.example/1')");
  db.Exec(
      "INSERT INTO crawl_after(key) VALUES('http://a.example/1'), ('http://a.example/2'), "
      "('http://b.example/2')");
  db.Exec(
      "CREATE VIRTUAL TABLE captures USING memkv(urlkey TEXT, timestamp TEXT, status INTEGER, mime "
      "TEXT, PRIMARY KEY(urlkey, timestamp), INDEX by_time(timestamp)); "
      "INSERT INTO captures VALUES('com,example)/', '20190104120000', 200, 'text/html'), "
      "('com,example)/', '20200301080000', 301, 'text/html'), "
      "('com,example)/', '20230919000000', 200, 'text/html'), "
      "('com,example)/a.pdf', '20200301080107', 200, 'application/pdf'), "
      "('gov,cdc)/flu', '20180101000000', 200, 'text/html'), "
      "('gov,cdc)/flu', '20220101000000', 404, 'text/html')");
  for (const bool frozen : {false, true}) {
    CAPTURE(frozen);
    if (frozen) db.Exec("SELECT memkv_freeze('urls'), memkv_freeze('captures')");
    for (const auto& entry : std::filesystem::directory_iterator(MEMKV_SOURCE_DIR "/sql")) {
      if (entry.path().extension() != ".sql") continue;
      const std::string name = entry.path().filename().string();
      CAPTURE(name);
      const auto answer = kAnswers.find(name);
      REQUIRE(answer != kAnswers.end());
      if (name == "flame.sql") {
        const std::string rows = db.Rows(Read(entry.path()));
        CHECK(rows.starts_with("1 | 'urls;"));
        continue;
      }
      CHECK(db.Rows(Read(entry.path())) == answer->second);
    }
  }
}

}  // namespace
}  // namespace memkv::test
