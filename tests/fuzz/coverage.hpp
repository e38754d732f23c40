// Coverage: what a fuzzer is meant to reach in what it tests (states, ways between them), and what it has reached. It
// says so on standard output when the program ends, under libFuzzer as in a replay:
//
//   tcp: 10 of 10 states: CLOSED CLOSE-WAIT ...
//   tcp: everything is reached
//
// A fuzzer that defines fuzz_missing() fails its replay when its corpus alone does not reach everything (replay.cpp).
#pragma once

#include <cstddef>
#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ghostnet::fuzz {

class Coverage {
 public:
  struct Kind {
    const char* what;
    std::set<std::string> wanted;
    std::set<std::string> seen{};

    std::size_t missing() const {
      std::size_t count = 0;
      for (const std::string& each : wanted) count += !seen.contains(each);
      return count;
    }
  };

  Coverage(const char* name, std::vector<Kind> kinds) : name_(name), kinds_(std::move(kinds)) {}
  Coverage(const Coverage&) = delete;
  Coverage& operator=(const Coverage&) = delete;
  ~Coverage() { tell(); }

  void see(std::size_t kind, std::string what) { kinds_[kind].seen.insert(std::move(what)); }
  int missing() const {
    std::size_t count = 0;
    for (const Kind& kind : kinds_) count += kind.missing();
    return static_cast<int>(count);
  }
  void tell() const {
    if (kinds_.front().seen.empty()) return;
    for (const Kind& kind : kinds_) {
      std::printf("%s: %zu of %zu %s:", name_, kind.wanted.size() - kind.missing(), kind.wanted.size(), kind.what);
      for (const std::string& each : kind.seen) std::printf(" %s", each.c_str());
      std::printf("\n");
    }
    if (missing() == 0) {
      std::printf("%s: everything is reached\n", name_);
      return;
    }
    std::printf("%s: not reached:", name_);
    for (const Kind& kind : kinds_) {
      for (const std::string& each : kind.wanted) {
        if (!kind.seen.contains(each)) std::printf(" %s", each.c_str());
      }
    }
    std::printf("\n");
  }

 private:
  const char* name_;
  std::vector<Kind> kinds_;
};

}  // namespace ghostnet::fuzz
