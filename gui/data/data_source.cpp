#include "ghostnet/gui/data_source.hpp"

#include <sys/stat.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace ghostnet::gui {

namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(250);
constexpr auto kBusyTimeout = 2s;                           // then the window says that the file is locked
constexpr std::size_t kCacheBytes = std::size_t{24} << 20;  // of each thread

// Which file a path names; another one after it was replaced, none after it was deleted.
std::optional<std::pair<dev_t, ino_t>> identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return std::pair{status.st_dev, status.st_ino};
}

}  // namespace

class DataSource::Worker {
 public:
  Worker(DataSource& source, Lane lane) : source_(source), lane_(lane), thread_([this] { work(); }) {}

  ~Worker() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void add(const Ticket& ticket, Job job) {
    {
      const std::lock_guard lock(mutex_);
      // A question that was superseded while it waited goes; so the queue holds at most one of each asker.
      const std::size_t dropped = std::erase_if(jobs_, [](const Entry& entry) { return !entry.ticket.wanted(); });
      source_.pending_ -= dropped;
      jobs_.push_back({ticket, std::move(job)});
      ++source_.pending_;
    }
    wake_.notify_one();
  }

  // Opens the file for this worker and for `other`: for both or for neither.
  void open(std::string path, Worker& other) {
    add({}, [this, path = std::move(path), &other](const Result<const results::Database*>&) { reopen(path, other); });
  }

 private:
  struct Entry {
    Ticket ticket;
    Job job;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (jobs_.empty()) {
        wake_.wait_for(lock, kLookEvery);
        if (!jobs_.empty() || stopping_) continue;
        lock.unlock();
        if (tells()) look();
        lock.lock();
        continue;
      }
      Entry entry = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      carry_out(entry);
      // Behind the answer, so that what is no longer pending was handed over.
      source_.post([&source = source_] { --source.pending_; });
      lock.lock();
    }
  }

  // One of the workers speaks for all.
  bool tells() const { return lane_ == Lane::panels; }

  void carry_out(Entry& entry) {
    if (!entry.ticket.wanted()) return;
    running_ = &entry.ticket;
    entry.job(database_ ? Result<const results::Database*>(&*database_)
                        : fail(Errc::not_found, "no results database is open"));
    running_ = nullptr;
  }

  void reopen(const std::string& path, Worker& other) {
    const results::DatabaseOptions options{.busy_timeout = kBusyTimeout, .cache_bytes = kCacheBytes};
    Result<results::Database> own = results::Database::open(path, options);
    Result<results::Database> others = own ? results::Database::open(path, options) : fail(own);
    if (!others) {
      const QString message = QString::fromUtf8(others.error().message());
      source_.post([&source = source_, message] { Q_EMIT source.open_failed(message); });
      return;
    }
    // In its queue before anybody is told that the file is open, and so before all that is asked of it.
    other.add({}, [&other, database = std::move(*others)](const Result<const results::Database*>&) mutable {
      other.take(std::move(database));
    });
    take(std::move(*own));
    source_.post([&source = source_, name = QString::fromStdString(path)] {
      source.path_ = name;
      source.last_failure_.clear();
      Q_EMIT source.opened();
    });
  }

  void take(results::Database database) {
    database_.emplace(std::move(database));
    database_->interrupt_when([this] { return stopping_ || (running_ != nullptr && !running_->wanted()); });
    identity_ = identity_of(database_->path());
    version_ = data_version();
    vanished_ = false;
  }

  // Whether somebody else wrote, or took the file away.
  void look() {
    if (!database_ || vanished_) return;
    if (identity_of(database_->path()) != identity_) {
      vanished_ = true;
      const QString message = QString("%1 was deleted or replaced; what is shown is as it was. Open it again to go on.")
                                  .arg(QString::fromStdString(database_->path()));
      source_.post([&source = source_, message] { Q_EMIT source.failed(message); });
      return;
    }
    const std::int64_t version = data_version();
    if (version == version_) return;
    version_ = version;
    source_.post([&source = source_] { Q_EMIT source.grew(); });
  }

  std::int64_t data_version() const {
    const Result<std::optional<std::int64_t>> version = database_->integer("PRAGMA data_version");
    return version ? version->value_or(0) : 0;
  }

  DataSource& source_;
  const Lane lane_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Entry> jobs_;
  std::atomic<bool> stopping_ = false;
  const Ticket* running_ = nullptr;  // of the worker's thread, as all below
  std::optional<results::Database> database_;
  std::optional<std::pair<dev_t, ino_t>> identity_;
  std::int64_t version_ = 0;
  bool vanished_ = false;
  std::thread thread_;
};

DataSource::DataSource(QObject* parent) : QObject(parent) {
  for (const Lane lane : {Lane::panels, Lane::mesh}) {
    workers_[static_cast<std::size_t>(lane)] = std::make_unique<Worker>(*this, lane);
  }
}

DataSource::~DataSource() {
  for (std::unique_ptr<Worker>& worker : workers_) worker.reset();
}

void DataSource::open(const QString& path) {
  const auto worker = [this](Lane lane) -> Worker& { return *workers_[static_cast<std::size_t>(lane)]; };
  worker(Lane::panels).open(path.toStdString(), worker(Lane::mesh));
}

void DataSource::ask_worker(Lane lane, const Ticket& ticket, Job job) {
  workers_[static_cast<std::size_t>(lane)]->add(ticket, std::move(job));
}

void DataSource::post(std::move_only_function<void()> call) {
  // Qt keeps copies of what it calls later.
  auto shared = std::make_shared<std::move_only_function<void()>>(std::move(call));
  QMetaObject::invokeMethod(this, [shared] { (*shared)(); }, Qt::QueuedConnection);
}

void DataSource::note(const Error& error) {
  std::string message(error.message());
  if (message == last_failure_) return;
  last_failure_ = message;
  Q_EMIT failed(QString::fromStdString(message));
}

bool DataSource::settle(int timeout_ms) {
  QElapsedTimer since;
  since.start();
  while (since.elapsed() < timeout_ms) {
    QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
    if (pending() > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    QCoreApplication::processEvents(QEventLoop::AllEvents, 5);  // answers, which may ask again
    if (pending() == 0) return true;
  }
  return false;
}

}  // namespace ghostnet::gui
