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

// Runs `measure` in a child and returns its figure; negative when the child failed.
inline double in_child(const std::function<double()>& measure) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  std::fflush(nullptr);
  pid_t child = fork();
  if (child == 0) {
    double figure = measure();
    bool sent = write(ends[1], &figure, sizeof figure) == sizeof figure;
    std::_Exit(sent ? 0 : 1);
  }
  close(ends[1]);
  double figure = -1;
  if (read(ends[0], &figure, sizeof figure) != sizeof figure) figure = -1;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return figure;
}

}  // namespace ghostnet::bench
