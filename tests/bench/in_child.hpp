// Measuring in a process of its own: what one measurement leaves behind does not touch the next, and ns-3's one
// simulator starts anew.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <span>

namespace ghostnet::bench {

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline std::size_t resident_bytes() {
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

inline std::size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

struct InChild {
  double figure = -1;  // negative when the child failed
  double user_s = 0;   // of the processor
};

// Runs each of them in a child of its own, at most `jobs` at a time, and hands over what came of each as it ends.
// Only for figures that do not depend on what else runs: of simulated time, or of memory.
inline void in_children(std::span<const std::function<double()>> measures, std::size_t jobs,
                        const std::function<void(std::size_t, InChild)>& done) {
  struct Running {
    std::size_t index;
    int from;
  };
  std::map<pid_t, Running> running;
  std::size_t next = 0;
  while (next < measures.size() || !running.empty()) {
    if (next < measures.size() && running.size() < jobs) {
      int ends[2];
      if (pipe(ends) != 0) return;
      std::fflush(nullptr);
      pid_t child = fork();
      if (child == 0) {
        double figure = measures[next]();
        bool sent = write(ends[1], &figure, sizeof figure) == sizeof figure;
        std::_Exit(sent ? 0 : 1);
      }
      close(ends[1]);
      running.emplace(child, Running{next++, ends[0]});
      continue;
    }
    int status = 0;
    rusage usage{};
    auto ended = running.find(wait4(-1, &status, 0, &usage));
    if (ended == running.end()) return;
    InChild child{.user_s =
                      static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) / 1e6};
    if (read(ended->second.from, &child.figure, sizeof child.figure) != sizeof child.figure) child.figure = -1;
    close(ended->second.from);
    done(ended->second.index, child);
    running.erase(ended);
  }
}

// Runs `measure` in a child and returns its figure; negative when the child failed.
inline double in_child(const std::function<double()>& measure) {
  double figure = -1;
  in_children({&measure, 1}, 1, [&](std::size_t, InChild child) { figure = child.figure; });
  return figure;
}

}  // namespace ghostnet::bench
