// SPDX-License-Identifier: Apache-2.0
#include "device/linux/agent.hpp"

#include "device/linux/instance_lock.hpp"
#include "device/linux/mqtt_link.hpp"
#include "device/linux/slot_files.hpp"
#include "device/linux/state_files.hpp"
#include "device/linux/stderr_log.hpp"
#include "device/linux/supervisor.hpp"
#include "device/linux/trust.hpp"
#include "device/port/runner.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <vector>

namespace otabahn::device {

namespace {

class MonotonicClock final : public Clock {
  public:
    Millis now() const override {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return Millis(std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000);
    }
};

Result<BootId> read_boot_id() {
    const char* path = "/proc/sys/kernel/random/boot_id";
    const auto text = read_file(path, 256);
    if (!text) return fail(ErrorCode::unavailable, text.error().message, path);
    BootId id{};
    std::size_t digits = 0;
    for (char c : *text) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
        if (digit < 0) continue;
        if (digits < 32) id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] << 4 | digit);
        ++digits;
    }
    if (digits != 32) return fail(ErrorCode::unavailable, std::string(path) + " holds no boot id.", path);
    return id;
}

// What the core works in. Pages that are never touched cost nothing.
struct Buffers {
    std::vector<char> out = std::vector<char>(16 * 1024), document = std::vector<char>(128 * 1024);
    std::vector<std::uint8_t> scratch = std::vector<std::uint8_t>(128 * 1024), signature = std::vector<std::uint8_t>(1'024),
                              bitmap = std::vector<std::uint8_t>(Transfer::max_block_number / 8),
                              page = std::vector<std::uint8_t>(Record::fixed_bytes_at_most + Transfer::max_block_number / 8);
    Memory memory() { return {out, document, scratch, signature, bitmap, page}; }
};

class Agent {
  public:
    Agent(const Config& config, Descriptor lock, const BootId& boot)
        : config_(config),
          lock_(std::move(lock)),
          boot_(boot),
          state_(config.state),
          slots_(config.state),
          trust_(config.trust, slots_),
          supervisor_(config_, slots_, clock_, log_, lock_.get(),
                      [this](std::uint8_t slot) -> const SlotImage& { return update_.record().slots[slot]; }),
          link_(config_, clock_, log_),
          update_(settings(), buffers_.memory()),
          runner_(update_, {slots_, state_, trust_, supervisor_, link_, log_, clock_}) {}

    Result<void> run();

  private:
    Settings settings() const {
        Settings out;
        out.thing = config_.thing_name;
        out.policy = {config_.product,         config_.hardware,        config_.slot_bytes,
                      config_.require_release, config_.allow_downgrade, config_.allow_unsigned};
        out.block_bytes = config_.block_bytes;
        out.max_bytes_per_second = config_.max_bytes_per_second;
        out.give_up_after = config_.give_up_seconds;
        return out;
    }
    void warn();
    Millis sleep_until() const { return std::min({runner_.wake_at(), supervisor_.wake_at(), link_.wake_at()}); }
    void feed(const Answer& answer) {
        if (answer) runner_.feed(*answer);
    }

    const Config& config_;
    Descriptor lock_;
    BootId boot_;
    MonotonicClock clock_;
    StderrLog log_;
    Buffers buffers_;
    StateFiles state_;
    SlotFiles slots_;
    TrustFolder trust_;
    Supervisor supervisor_;
    MqttLink link_;
    Update update_;
    Runner runner_;
};

void Agent::warn() {
    if (config_.allow_unsigned)
        log_.note("WARNING: allow_unsigned is set: images without a signature are installed; whoever can create a job owns this device");
    if (config_.allow_downgrade) log_.note("WARNING: allow_downgrade is set: older versions are installed, with their old faults");
    const auto trusted = trust_.certificates();
    for (const std::string& why : trusted.unreadable) log_.note("left out of trust: " + why);
    if (trusted.found.empty() && !config_.allow_unsigned)
        log_.note("WARNING: " + config_.trust.string() + " holds no certificate: every signed image will be refused");
}

Result<void> Agent::run() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, signal);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // a limit on files fails the write, and so the job, not the agent
    const Descriptor caught(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!caught) return fail(ErrorCode::internal, "signals cannot be waited for.");

    if (auto prepared = link_.prepare(); !prepared) return prepared;
    warn();
    runner_.boot(boot_);
    if (update_.state() == State::unusable)
        return fail(ErrorCode::not_found,
                    config_.state.string() +
                        " holds no state with an image that could be trusted: put one there with "
                        "`otabahn-device factory --config … --image FILE --version V`.",
                    config_.state.string());
    if (update_.damaged_page()) log_.note("one of the two state files was damaged or cut off; the other one holds");

    const auto feed_one = [this](const Input& input) { runner_.feed(input); };
    for (bool stopping = false; !stopping;) {
        pollfd waiting[2] = {{caught.get(), POLLIN, 0}, {link_.descriptor(), POLLIN, 0}};
        if (link_.wants_to_write()) waiting[1].events |= POLLOUT;
        const Millis now = clock_.now(), wake = sleep_until();
        const int timeout = trust_.busy() || wake <= now
                                ? 0
                                : static_cast<int>(std::min<std::int64_t>(wake == Millis::max() ? 60'000 : (wake - now).count(), 60'000));
        ::poll(waiting, 2, timeout);
        if ((waiting[0].revents & POLLIN) != 0) {
            signalfd_siginfo info{};
            while (::read(caught.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
                if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) stopping = true;
        }
        feed(supervisor_.poll());
        if (trust_.busy()) feed(trust_.work());
        link_.work((waiting[1].revents & (POLLIN | POLLERR | POLLHUP)) != 0, (waiting[1].revents & POLLOUT) != 0, feed_one);
        runner_.tick();
    }
    log_.note("stopping");
    // Blocks that are here need not be fetched again.
    runner_.feed(Input::connection(false));
    link_.close();
    supervisor_.stop();
    return {};
}

}  // namespace

Result<void> run_agent(const Config& config) {
    if (auto made = make_folder(config.state); !made) return made;
    // An agent that was just killed still has to end its program.
    auto lock = take_instance_lock(config.state, std::chrono::milliseconds{3'000});
    if (!lock) return Unexpected(lock.error());
    const auto boot = read_boot_id();
    if (!boot) return Unexpected(boot.error());
    Agent agent(config, std::move(lock).value(), *boot);
    return agent.run();
}

}  // namespace otabahn::device
