// SPDX-License-Identifier: Apache-2.0
#include "device/linux/agent.hpp"

#include "device/host/control_socket.hpp"
#include "device/host/instance_lock.hpp"
#include "device/host/monotonic_clock.hpp"
#include "device/host/poll_set.hpp"
#include "device/linux/identity.hpp"
#include "device/linux/mqtt_link.hpp"
#include "device/install/back_ends.hpp"
#include "device/install/stages.hpp"
#include "device/linux/state_files.hpp"
#include "device/host/stderr_log.hpp"
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
          back_end_(*find_back_end(config.install)),
          slots_(config.state, back_end_.places(config)),
          trust_(config.trust, slots_,
                 [this](std::uint8_t slot) {
                     const Record& record = update_.record();
                     const bool elsewhere = !back_end_.keeps_images && slot == record.active;
                     return elsewhere ? std::optional<Digest>(record.slots[slot].sha256) : std::nullopt;
                 }),
          stages_(context(), back_end_.make(context())),
          identity_(config_, clock_, log_),
          link_(config_, clock_, log_),
          update_(settings(), buffers_.memory()),
          runner_(update_, {stages_, state_, trust_, stages_, link_, log_, clock_}) {
        stages_.on_confirmed([this](std::uint8_t slot) {
            const auto document = read_file(slots_.document(slot), SlotFiles::most_document_bytes);
            return document ? trust_.apply_changes(*document) : std::string();
        });
    }

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
    InstallContext context() {
        return {config_, slots_, clock_, log_, lock_.get(), [this]() -> const Record& { return booted_ ? update_.record() : stored_; }};
    }
    void warn();
    Result<std::optional<std::uint8_t>> find_running();
    Result<void> start();
    void change_identity();
    // What a local program says, and the answer.
    std::string told(std::string_view line);
    void announce();
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
    const BackEnd& back_end_;
    SlotFiles slots_;
    TrustFolder trust_;
    Stages stages_;
    ControlSocket control_;
    std::string announced_;
    bool booted_ = false;
    Record stored_;  // until then
    Identity identity_;
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

// After a boot the boot loader's tools, or RAUC, may take a moment to answer.
Result<std::optional<std::uint8_t>> Agent::find_running() {
    if (!stages_.installer().boots_machine()) return std::optional<std::uint8_t>();
    constexpr int most_tries = 30;
    for (int tries = 1;; ++tries) {
        const auto running = stages_.installer().running();
        if (running) return std::optional<std::uint8_t>(*running);
        if (tries == 1) log_.note("not known yet which slot runs: " + running.error().message);
        if (tries == most_tries) return Unexpected(running.error());
        timespec pause{1, 0};
        if (::nanosleep(&pause, nullptr) != 0) return Unexpected(running.error());
    }
}

Result<void> Agent::start() {
    if (identity_.may_connect())
        if (auto prepared = link_.prepare(identity_.current()); !prepared) return prepared;
    if (auto listening = control_.listen(config_.socket); !listening) return listening;
    warn();
    const auto loaded = decode_newest(state_.read(0), state_.read(1), buffers_.bitmap);
    if (loaded) stored_ = loaded->record;
    const auto running = loaded ? find_running() : Result<std::optional<std::uint8_t>>(std::nullopt);
    if (!running) return Unexpected(running.error());
    booted_ = true;
    runner_.boot(boot_, *running, stages_.installer().boots_machine());
    if (update_.state() == State::unusable)
        return fail(ErrorCode::not_found,
                    config_.state.string() +
                        " holds no state with an image that could be trusted: put one there with "
                        "`otabahn-device factory --config … --image FILE --version V`.",
                    config_.state.string());
    if (update_.damaged_page()) log_.note("one of the two state files was damaged or cut off; the other one holds");
    return {};
}

void Agent::change_identity() {
    if (!identity_.may_connect()) return link_.rest();
    if (const auto prepared = link_.prepare(identity_.current()); !prepared) log_.note("no connection: " + prepared.error().message);
}

std::string Agent::told(std::string_view line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space), rest = line.substr(std::min(space + 1, line.size()));
    const auto heard = [](bool taken, const char* what) {
        return taken ? std::string("ok") : std::string("error: nothing waits for ") + what;
    };
    if (word == "healthy") return heard(stages_.told_healthy(true, rest), "the application's health");
    if (word == "unhealthy") return heard(stages_.told_healthy(false, rest), "the application's health");
    if (word == "allow") return heard(stages_.told_leave(true, rest), "leave to download");
    if (word == "decline") return heard(stages_.told_leave(false, rest), "leave to download");
    if (word == "status") {
        const auto state = describe_state(config_, stages_.waits_for_leave());
        return state ? *state : "error: " + state.error().message;
    }
    return "error: known are healthy, unhealthy WHY, allow, decline WHY, status, watch";
}

void Agent::announce() {
    const std::string name = std::string(name_of(update_.state()));
    if (name == announced_) return;
    announced_ = name;
    if (const auto state = describe_state(config_, stages_.waits_for_leave())) control_.announce(*state);
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
    if (auto started = start(); !started) return started;

    const auto feed_one = [this](const Input& input) { runner_.feed(input); };
    PollSet set;
    for (bool stopping = false; !stopping;) {
        set.clear();
        set.read(caught.get());
        link_.want(set);
        identity_.want(set);
        stages_.want(set);
        control_.want(set);
        set.wake(trust_.busy() ? Millis{0} : runner_.wake_at());
        set.wait(clock_.now());
        if ((set.found(caught.get()) & POLLIN) != 0) {
            signalfd_siginfo info{};
            while (::read(caught.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
                if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) stopping = true;
        }
        control_.work([this](std::string_view line) { return told(line); });
        feed(stages_.poll());
        if (trust_.busy()) feed(trust_.work());
        link_.work(set, feed_one);
        if (identity_.work(set, update_.state() == State::idle, link_.connected())) change_identity();
        runner_.tick();
        announce();
    }
    log_.note("stopping");
    // Blocks that are here need not be fetched again.
    runner_.feed(Input::connection(false));
    link_.close();
    stages_.stop();
    return {};
}

}  // namespace

// The kernel's is a UUID; whatever else stands there is taken as it is: only whether it is another one counts.
Result<BootId> read_boot_id(const std::filesystem::path& path) {
    const auto text = read_file(path, 256);
    if (!text || text->empty()) return fail(ErrorCode::unavailable, trouble_with(path, "holds no boot id"), path.string());
    x509::Sha256 hash;
    hash.update(as_bytes(*text));
    const std::string digest = hash.finish();
    BootId id{};
    std::copy_n(digest.begin(), id.size(), id.begin());
    return id;
}

Result<void> run_agent(const Config& config) {
    if (auto made = make_folder(config.state); !made) return made;
    // An agent that was just killed still has to end its program.
    auto lock = take_instance_lock(config.state, std::chrono::milliseconds{3'000});
    if (!lock) return Unexpected(lock.error());
    const auto boot = read_boot_id(config.boot_id);
    if (!boot) return Unexpected(boot.error());
    Agent agent(config, std::move(lock).value(), *boot);
    return agent.run();
}

}  // namespace otabahn::device
