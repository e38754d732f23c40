#include "ghostnet/results/store.hpp"

#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "run_rows.hpp"

namespace ghostnet::results {

class Store::Impl {
 public:
  explicit Impl(const StoreOptions& options) : options_(options) {}

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_writer_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  Result<> open(const std::string& path) {
    DatabaseOptions access{
        .access = DatabaseOptions::Access::write, .busy_timeout = options_.busy_timeout, .on_wait = options_.on_wait};
    Result<Database> database = Database::open(path, access);
    if (!database) return fail(std::move(database));
    writer_.emplace(std::move(*database), options_);
    return {};
  }

  void begin(const RunInfo& run) {
    if (!writer_) return;  // it says so when it is attached
    if (run_id_ != 0) throw std::logic_error("results: a store records one run");
    Result<std::int64_t> begun = writer_->begin(run);
    if (!begun) {
      status_ = fail(std::move(begun));
      return;
    }
    run_id_ = *begun;
    thread_ = std::thread([this] { write_until_closed(); });
  }

  // Lets `add` put rows into what is pending, once there is room for them.
  template <class Add>
  void put(std::size_t rows, Add&& add) {
    std::unique_lock lock(mutex_);
    if (!writer_) return add(pending_);
    if (options_.when_full == StoreOptions::WhenFull::drop_samples) make_room(rows);
    if (pending_.size() + rows > options_.max_pending_rows) {
      wake_writer_.notify_one();
      there_is_room_.wait(lock, [&] { return !status_ || pending_.size() < options_.batch_rows; });
    }
    if (!status_) return;
    add(pending_);
    if (pending_.size() >= options_.batch_rows) wake_writer_.notify_one();
  }

  void put_samples(std::span<const Sample> samples) {
    // Piece by piece, so that a batch of any size passes through bounded memory.
    while (!samples.empty()) {
      const auto piece = samples.first(std::min(samples.size(), options_.batch_rows));
      samples = samples.subspan(piece.size());
      if (options_.when_full == StoreOptions::WhenFull::drop_samples && !has_room(piece.size())) continue;
      put(piece.size(), [&](RunRows& rows) { rows.samples.insert(rows.samples.end(), piece.begin(), piece.end()); });
    }
  }

  Result<> finish(const RunOutcome& outcome) {
    {
      std::lock_guard lock(mutex_);
      pending_.outcome = outcome;
      closing_ = true;
    }
    wake_writer_.notify_one();
    if (thread_.joinable()) thread_.join();
    return status_;
  }

  Result<> status() const {
    std::lock_guard lock(mutex_);
    return status_;
  }
  std::int64_t run_id() const { return run_id_; }
  std::size_t pending() const {
    std::lock_guard lock(mutex_);
    return pending_.size();
  }
  std::uint64_t dropped() const {
    std::lock_guard lock(mutex_);
    return pending_.samples_dropped;
  }
  Duration writer_cpu() const {
    std::lock_guard lock(mutex_);
    return writer_cpu_;
  }

 private:
  bool has_room(std::size_t rows) {
    std::lock_guard lock(mutex_);
    if (pending_.size() + rows <= options_.max_pending_rows) return true;
    pending_.samples_dropped += rows;
    return false;
  }

  // Samples that wait give way to what may not be lost, so that a live run does not wait for its writer.
  void make_room(std::size_t rows) {
    const std::size_t wanted = pending_.size() + rows;
    if (wanted <= options_.max_pending_rows) return;
    const std::size_t shed = std::min(wanted - options_.max_pending_rows, pending_.samples.size());
    pending_.samples.resize(pending_.samples.size() - shed);
    pending_.samples_dropped += shed;
  }

  void write_until_closed() {
    RunRows batch;
    bool closing = false;
    while (!closing) {
      {
        std::unique_lock lock(mutex_);
        wake_writer_.wait_for(lock, std::chrono::nanoseconds(options_.batch_interval),
                              [&] { return closing_ || pending_.size() >= options_.batch_rows; });
        closing = closing_;
        std::swap(batch, pending_);
        pending_.samples_dropped = batch.samples_dropped;
      }
      there_is_room_.notify_all();
      // After a failure nothing more is written: a run that lost a part must not come to a verdict.
      if (batch.size() != 0 && status()) note(writer_->write(batch));
      batch.clear();
    }
  }

  void note(Result<> written) {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    std::lock_guard lock(mutex_);
    writer_cpu_ = Duration(used.tv_sec * 1'000'000'000 + used.tv_nsec);
    if (status_ && !written) {
      status_ = std::move(written);
      pending_.clear();
      there_is_room_.notify_all();
    }
  }

  StoreOptions options_;
  std::optional<RunWriter> writer_;  // the thread's, once it runs; nothing while detached
  std::int64_t run_id_ = 0;
  std::thread thread_;

  mutable std::mutex mutex_;  // over all below
  std::condition_variable wake_writer_;
  std::condition_variable there_is_room_;
  RunRows pending_;
  bool closing_ = false;
  Result<> status_;
  Duration writer_cpu_{};
};

Result<std::unique_ptr<Store>> Store::open(const std::string& path, StoreOptions options) {
  auto impl = std::make_unique<Impl>(options);
  if (Result<> opened = impl->open(path); !opened) return fail(std::move(opened));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

std::unique_ptr<Store> Store::detached(StoreOptions options) {
  return std::unique_ptr<Store>(new Store(std::make_unique<Impl>(options)));
}

std::size_t Store::gathered() const { return impl_->pending(); }

Result<> Store::attach(const std::string& path, const RunInfo& run) {
  if (Result<> opened = impl_->open(path); !opened) return opened;
  impl_->begin(run);
  return impl_->status();
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

void Store::begin(const RunInfo& run) { impl_->begin(run); }

void Store::host(const HostInfo& host) {
  impl_->put(1, [&](RunRows& rows) { rows.hosts.push_back(host); });
}

void Store::metric(MetricId metric, const MetricInfo& info) {
  impl_->put(1, [&](RunRows& rows) { rows.metrics.emplace_back(metric, info); });
}

void Store::samples(std::span<const Sample> samples) { impl_->put_samples(samples); }

void Store::window(const Window& window, const Histogram& gained) {
  impl_->put(1, [&](RunRows& rows) {
    rows.windows.push_back(
        {window.metric, std::string(window.group), kNoHost, to_ns(window.from), to_ns(window.to), gained});
  });
}

void Store::event(const RunEvent& event) {
  impl_->put(1, [&](RunRows& rows) {
    rows.events.push_back(
        {event.time, event.host, std::string(event.kind), std::string(event.text), std::string(event.json)});
  });
}

void Store::link(const LinkChange& change) {
  impl_->put(1, [&](RunRows& rows) {
    rows.links.push_back(
        {change.time, change.a, change.b, std::string(change.kind), change.up, std::string(change.json)});
  });
}

void Store::message(const MessageSample& message) {
  impl_->put(1, [&](RunRows& rows) {
    rows.messages.push_back({message.sent, message.received, message.from, message.to, message.bytes,
                             std::string(message.kind), message.trace});
  });
}

void Store::position(const HostPosition& position) {
  impl_->put(1, [&](RunRows& rows) { rows.positions.push_back(position); });
}

void Store::link_samples(std::span<const LinkSample> samples) {
  for (const LinkSample& sample : samples) {
    impl_->put(1, [&](RunRows& rows) {
      rows.link_samples.push_back(
          {sample.time, std::string(sample.kind), sample.a, sample.b, sample.metric, sample.value});
    });
  }
}

void Store::histogram(MetricId metric, std::string_view group, HostId host, const Histogram& histogram) {
  impl_->put(1, [&](RunRows& rows) { rows.histograms.push_back({metric, std::string(group), host, 0, 0, histogram}); });
}

void Store::total(const Total& total) {
  impl_->put(1, [&](RunRows& rows) { rows.totals.push_back({total, std::string(total.group)}); });
}

void Store::expectation(const Expectation& expectation) {
  impl_->put(1, [&](RunRows& rows) { rows.expectations.push_back(expectation); });
}

Result<> Store::finish(const RunOutcome& outcome) { return impl_->finish(outcome); }
Result<> Store::status() const { return impl_->status(); }
std::int64_t Store::run_id() const { return impl_->run_id(); }
std::uint64_t Store::dropped_samples() const { return impl_->dropped(); }
Duration Store::writer_cpu() const { return impl_->writer_cpu(); }

}  // namespace ghostnet::results
