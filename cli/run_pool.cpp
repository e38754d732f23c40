#include "run_pool.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace ghostnet::cli {

namespace {

using nlohmann::json;

constexpr timeval kListenFor = {0, 100'000};

// What a child is without if it dies: its own report.
RunReply died(int status) {
  const std::string how = WIFSIGNALED(status)
                              ? fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)))
                              : fmt::format("ended with code {} and no report", WEXITSTATUS(status));
  RunReply reply;
  reply.exit_code = kInternal;
  reply.err = fmt::format("ghostnet: the process of this run {}\n", how);
  reply.document = {
      {"status", "error"},
      {"error", {{"file", ""}, {"line", 0}, {"column", 0}, {"key", ""}, {"message", "its process " + how}}}};
  return reply;
}

void write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;  // nobody listens any more
    done += static_cast<std::size_t>(wrote);
  }
}

}  // namespace

struct RunPool::Child {
  std::size_t index;
  pid_t process;
  int pipe;
  std::string unread{};
  double share = 0;
  std::uint64_t turns = 0;
  std::optional<RunReply> reply{};
  bool ended = false;

  void understand(const std::string& line) {
    json message = json::parse(line, nullptr, false);
    if (!message.is_object()) return;
    if (message.contains("share")) {
      share = message["share"].get<double>();
      turns = message["turns"].get<std::uint64_t>();
      return;
    }
    reply = RunReply{.exit_code = message["exit_code"].get<int>(),
                     .document = std::move(message["document"]),
                     .out = message["out"].get<std::string>(),
                     .err = message["err"].get<std::string>()};
  }
};

RunPool::RunPool() = default;
RunPool::~RunPool() = default;

std::vector<std::size_t> RunPool::run(const std::vector<std::size_t>& indexes, std::size_t jobs) {
  signal(SIGPIPE, SIG_IGN);
  const auto began = std::chrono::steady_clock::now();
  for (const std::size_t index : indexes) replies_.emplace_back(index, std::nullopt);
  std::size_t next = 0;
  std::uint64_t turns_of_ended = 0;
  bool passed_on = false;
  while (true) {
    while (!interrupted() && next < indexes.size() && children_.size() < jobs) start(indexes[next++]);
    if (children_.empty()) break;
    listen();
    if (interrupted() && !passed_on) {
      passed_on = true;
      for (const Child& child : children_) kill(child.process, SIGINT);
    }
    PoolProgress progress{.runs = indexes.size()};
    std::uint64_t turns = turns_of_ended;
    for (Child& child : children_) {
      if (child.ended) {
        turns_of_ended += child.turns;
        end(child);
      } else {
        ++progress.under_way;
        progress.share += child.share;
      }
      turns += child.turns;
    }
    std::erase_if(children_, [](const Child& child) { return child.ended; });
    deliver();
    progress.finished = next - progress.under_way;
    progress.share = (progress.share + static_cast<double>(progress.finished)) / static_cast<double>(progress.runs);
    const double wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    progress.turns_per_s = static_cast<double>(turns) / wall_s;
    on_progress(progress);
  }
  return {indexes.begin() + static_cast<std::ptrdiff_t>(next), indexes.end()};
}

void RunPool::start(std::size_t index) {
  int ends[2];
  std::fflush(nullptr);
  if (pipe(ends) != 0) return fail_to_start(index, "pipe");
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return fail_to_start(index, "fork");
  }
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) std::_Exit(kInterrupted);
    setpgid(0, 0);
    for (const Child& other : children_) close(other.pipe);
    close(ends[0]);
    const Report report = [&](double share, std::uint64_t turns) {
      write_all(ends[1], json{{"share", share}, {"turns", turns}}.dump() + "\n");
    };
    RunReply reply = carry_out(index, report);
    const json last = {{"exit_code", reply.exit_code},
                       {"document", std::move(reply.document)},
                       {"out", std::move(reply.out)},
                       {"err", std::move(reply.err)}};
    write_all(ends[1], last.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
    std::fflush(nullptr);
    std::_Exit(kOk);
  }
  close(ends[1]);
  children_.push_back({.index = index, .process = child, .pipe = ends[0]});
}

void RunPool::fail_to_start(std::size_t index, const char* call) {
  RunReply reply;
  reply.exit_code = kInternal;
  reply.err = fmt::format("ghostnet: a run could not be started: {}: {}\n", call, std::strerror(errno));
  reply.document = {{"status", "error"}, {"error", {{"message", reply.err}}}};
  keep(index, std::move(reply));
}

// Waits for lines of any child, but not long.
void RunPool::listen() {
  fd_set readable;
  FD_ZERO(&readable);
  int highest = -1;
  for (const Child& child : children_) {
    FD_SET(child.pipe, &readable);
    highest = std::max(highest, child.pipe);
  }
  timeval wait = kListenFor;
  if (select(highest + 1, &readable, nullptr, nullptr, &wait) <= 0) return;
  for (Child& child : children_) {
    if (FD_ISSET(child.pipe, &readable)) hear(child);
  }
}

void RunPool::hear(Child& child) {
  char buffer[65'536];
  const ssize_t got = read(child.pipe, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) {
    child.ended = true;
    return;
  }
  child.unread.append(buffer, static_cast<std::size_t>(got));
  std::size_t from = 0;
  for (std::size_t end; (end = child.unread.find('\n', from)) != std::string::npos; from = end + 1) {
    child.understand(child.unread.substr(from, end - from));
  }
  child.unread.erase(0, from);
}

void RunPool::end(Child& child) {
  close(child.pipe);
  int status = 0;
  while (waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  keep(child.index, child.reply ? std::move(*child.reply) : died(status));
}

void RunPool::keep(std::size_t index, RunReply reply) {
  const auto at = std::ranges::find(replies_, index, &std::pair<std::size_t, std::optional<RunReply>>::first);
  at->second = std::move(reply);
}

// Hands on what is complete from the front.
void RunPool::deliver() {
  for (; delivered_ < replies_.size() && replies_[delivered_].second; ++delivered_) {
    on_reply(replies_[delivered_].first, std::move(*replies_[delivered_].second));
    replies_[delivered_].second = RunReply{};
  }
}

}  // namespace ghostnet::cli
