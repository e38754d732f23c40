// A directory of its own for one test, and ways to look into the files there.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "ghostnet/results/database.hpp"

namespace ghostnet::results {

class ResultsFile : public testing::Test {
 protected:
  ResultsFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ghostnet-results-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = (directory_ / "results.sqlite").string();
  }
  ~ResultsFile() override { std::filesystem::remove_all(directory_); }

  Database open(DatabaseOptions::Access access = DatabaseOptions::Access::read) const {
    return std::move(Database::open(path_, {.access = access}).value());
  }
  // Every row as its columns joined by |, as sqlite3 prints them.
  std::vector<std::string> rows(const std::string& sql) const { return rows(open(), sql); }
  static std::vector<std::string> rows(const Database& database, const std::string& sql) {
    std::vector<std::string> all;
    Statement statement = std::move(database.prepare(sql).value());
    while (statement.step().value()) {
      std::string row;
      for (std::size_t i = 0; i < statement.columns(); ++i) row += (i == 0 ? "" : "|") + statement.text(i);
      all.push_back(std::move(row));
    }
    return all;
  }

  std::filesystem::path directory_;
  std::string path_;
};

}  // namespace ghostnet::results
