// DataSource: the open results database, as the visualizer reads it.
//
// Threads of its own have the connections, so that the window never waits for a disk: one for the mesh, whose pictures
// of an instant must come soon, and one for all else, which may have to read for long. Whoever wants something asks
// with a function that is run there with the database and returns a Result<T>; the answer is handed over on the thread
// of the window:
//
//   Inquiry events_;  // a member: one question at a time
//   data.ask(events_, [run, from, to](const results::Database& database) {
//     return results::state_changes(database, run, {.time_ns = from}, to, kMaxEvents);
//   }, [this](Result<std::vector<results::EventAt>> events) { show(std::move(events)); });
//
// Asking again with the same Inquiry supersedes what was asked before: it is left out, or interrupted where it runs,
// and never answered. So does dropping the Inquiry, which is why the answer may safely use `this`. A query captures
// values, never widgets. It asks for a window of what there is and says how much it wants at most: a database may be of
// any size.
//
// Four times a second a thread looks whether another process wrote (grew), or took the file away (failed).
//
// Errors: as results::Database (not_found, malformed, invalid_argument for a foreign or newer file, busy, permission).
// A file that does not open leaves the open one as it is. An error in a query is answered to who asked, and told to all
// by failed(), once in a row.
#pragma once

#include <QObject>
#include <QString>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "ghostnet/results/database.hpp"
#include "ghostnet/runtime/result.hpp"

namespace ghostnet::gui {

// Whether what was asked is still wanted; shared by both threads.
class Ticket {
 public:
  Ticket() = default;
  explicit Ticket(std::shared_ptr<std::atomic<std::uint64_t>> latest) : latest_(std::move(latest)), own_(++*latest_) {}
  bool wanted() const { return latest_ == nullptr || latest_->load() == own_; }

 private:
  std::shared_ptr<std::atomic<std::uint64_t>> latest_;
  std::uint64_t own_ = 0;
};

// One asker's line to a worker.
class Inquiry {
 public:
  Inquiry() = default;
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;
  ~Inquiry() { withdraw(); }
  // What was asked is not answered any more.
  void withdraw() { ++*latest_; }
  Ticket next() { return Ticket(latest_); }

 private:
  std::shared_ptr<std::atomic<std::uint64_t>> latest_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

class DataSource : public QObject {
  Q_OBJECT

 public:
  explicit DataSource(QObject* parent = nullptr);
  ~DataSource() override;

  // Answered by opened() or open_failed().
  void open(const QString& path);
  bool is_open() const { return !path_.isEmpty(); }
  const QString& path() const { return path_; }

  enum class Lane : std::uint8_t { panels, mesh };

  // Calls done(Result<T>) with what query(database) returned, on this thread, unless superseded.
  template <class Query, class Done>
  void ask(Inquiry& inquiry, Query query, Done done, Lane lane = Lane::panels) {
    using Answer = std::invoke_result_t<Query, const results::Database&>;
    const Ticket ticket = inquiry.next();
    ask_worker(lane, ticket,
               [this, ticket, query = std::move(query),
                done = std::move(done)](const Result<const results::Database*>& database) mutable {
                 auto answer = std::make_shared<Answer>(database ? query(**database) : Answer(fail(database)));
                 post([this, ticket, answer, done = std::move(done)]() mutable {
                   if (!ticket.wanted()) return;
                   if (!*answer) note(answer->error());
                   done(std::move(*answer));
                 });
               });
  }

  // How many queries wait, run, or are not yet answered.
  std::size_t pending() const { return pending_.load(); }
  // Waits until all that was asked is answered, handling events meanwhile: for pictures and tests. False: timed out.
  bool settle(int timeout_ms = 60'000);

 Q_SIGNALS:
  void opened();
  void open_failed(const QString& message);
  void grew();
  // The open database cannot be read any more, or not all of it.
  void failed(const QString& message);

 private:
  class Worker;
  using Job = std::move_only_function<void(const Result<const results::Database*>&)>;

  void ask_worker(Lane lane, const Ticket& ticket, Job job);
  // From the worker's thread: runs it on the thread of this object.
  void post(std::move_only_function<void()> call);
  void note(const Error& error);

  QString path_;
  std::string last_failure_;
  std::atomic<std::size_t> pending_ = 0;
  std::unique_ptr<Worker> workers_[2];  // by lane
};

}  // namespace ghostnet::gui
