// SPDX-License-Identifier: Apache-2.0
// Between fork and exec only async-signal-safe calls are made: another thread may hold any lock at that moment.
#include "device/host/keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

extern char** environ;

namespace otabahn::device {

namespace {

// The keeper's fixed descriptors.
constexpr int line_fd = 3, report_fd = 4, lock_fd = 5, output_fd = 6;

void on_child(int) {}

void close_from(int first) {
#ifdef SYS_close_range
    if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
#endif
    for (int fd = first; fd < 4'096; ++fd) ::close(fd);
}

// Moves descriptors out of the way of the fixed ones, then into place.
bool place(int from, int to) { return from < 0 || ::dup2(from, to) == to; }

[[noreturn]] void run_program(const char* path, char* const* arguments, char* const* environment, const char* folder) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (folder[0] == '\0' || ::chdir(folder) == 0) ::execve(path, arguments, environment);
    const int error = errno;
    [[maybe_unused]] const ssize_t told = ::write(report_fd, &error, sizeof error);
    ::_exit(127);
}

// Each child of ours that is killed leaves us its own, until there is none. Without /proc/…/children the kernel's list of all
// processes is too long a way between fork and exec's rules, and the group alone is ended.
void end_descendants() {
    char path[64] = "/proc/self/task/";
    std::size_t size = std::strlen(path);
    char digits[16];
    int count = 0;
    for (pid_t self = ::getpid(); self > 0; self /= 10) digits[count++] = static_cast<char>('0' + self % 10);
    while (count > 0) path[size++] = digits[--count];
    std::strcpy(path + size, "/children");
    while (true) {
        int status = 0;
        while (::waitpid(-1, &status, WNOHANG) > 0) {
        }
        char children[1'024];
        const int file = ::open(path, O_RDONLY | O_CLOEXEC);
        const ssize_t read = file < 0 ? -1 : ::read(file, children, sizeof children - 1);
        if (file >= 0) ::close(file);
        if (read <= 0) return;
        pid_t child = 0;
        bool killed = false;
        for (ssize_t i = 0; i < read; ++i) {
            if (children[i] >= '0' && children[i] <= '9') {
                child = child * 10 + (children[i] - '0');
                continue;
            }
            if (child > 0) killed = ::kill(child, SIGKILL) == 0 || killed;
            child = 0;
        }
        if (!killed) return;
        ::waitpid(-1, &status, 0);
    }
}

[[noreturn]] void keep(const char* path, char* const* arguments, char* const* environment, const char* folder, bool captured,
                       bool with_descendants) {
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
    // Who leaves the group and is left by its parents comes to us.
    if (with_descendants) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    struct sigaction action {};
    action.sa_handler = on_child;
    ::sigaction(SIGCHLD, &action, nullptr);
    sigset_t child, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &child, &before);
    sigset_t waiting;
    sigemptyset(&waiting);

    const pid_t program = ::fork();
    if (program == 0) {
        ::close(line_fd);
        ::close(lock_fd);
        if (captured) {
            ::dup2(output_fd, STDOUT_FILENO);
            ::dup2(output_fd, STDERR_FILENO);
        }
        ::close(output_fd);
        run_program(path, arguments, environment, folder);
    }
    if (program < 0) {
        const int error = errno;
        [[maybe_unused]] const ssize_t told = ::write(report_fd, &error, sizeof error);
        ::_exit(127);
    }
    ::setpgid(program, program);
    ::close(report_fd);
    ::close(output_fd);

    int status = 0;
    // Others than the program are its orphans.
    const auto program_ended = [&] {
        int other = 0;
        for (pid_t ended = 0; (ended = ::waitpid(-1, &other, WNOHANG)) > 0;) {
            if (ended != program) continue;
            status = other;
            return true;
        }
        return false;
    };
    while (!program_ended()) {
        pollfd line{line_fd, POLLIN, 0};
        if (::ppoll(&line, 1, nullptr, &waiting) <= 0) continue;
        char order = 0;
        const ssize_t count = ::read(line_fd, &order, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count == 1 && order == 'T') {
            ::kill(-program, SIGTERM);
            continue;
        }
        // Told to, or the agent is gone.
        ::kill(-program, SIGKILL);
        while (::waitpid(program, &status, 0) < 0 && errno == EINTR) {
        }
        break;
    }
    ::kill(-program, SIGKILL);  // what it left behind of its group
    if (with_descendants) end_descendants();
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// As execvp looks a program up, before the fork.
std::string find_program(const std::string& name, const std::filesystem::path& folder) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    std::string rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const std::size_t colon = rest.find(':');
        const std::filesystem::path candidate = folder / rest.substr(0, colon) / name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate.string();
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
    return name;
}

}  // namespace

Result<KeptProgram> KeptProgram::start(const ProgramSpec& spec, int lock) {
    std::array<int, 2> line{}, report{};
    if (::pipe2(line.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::unavailable, std::string("no pipe to a program: ") + std::strerror(errno));
    Descriptor line_read(line[0]), line_write(line[1]);
    if (::pipe2(report.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::unavailable, std::string("no pipe to a program: ") + std::strerror(errno));
    Descriptor report_read(report[0]), report_write(report[1]);

    std::array<int, 2> output = {-1, -1};
    if (spec.capture && ::pipe2(output.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::unavailable, std::string("no pipe to a program: ") + std::strerror(errno));
    Descriptor output_read(output[0]), output_write(output[1]);
    if (spec.capture) ::fcntl(output[0], F_SETFL, O_NONBLOCK);

    const std::string path = find_program(spec.words.front(), spec.folder);
    std::vector<char*> arguments;
    for (const std::string& word : spec.words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<std::string> texts;
    for (char** entry = environ; *entry != nullptr; ++entry) texts.emplace_back(*entry);
    for (const auto& [name, value] : spec.environment) {
        std::erase_if(texts, [prefix = name + "="](const std::string& text) { return text.starts_with(prefix); });
        texts.push_back(name + "=" + value);
    }
    std::vector<char*> environment;
    for (std::string& text : texts) environment.push_back(text.data());
    environment.push_back(nullptr);
    const std::string folder = spec.folder.string();

    const pid_t keeper = ::fork();
    if (keeper < 0) return fail(ErrorCode::unavailable, std::string("no process for a program: ") + std::strerror(errno));
    if (keeper == 0) {
        ::setpgid(0, 0);
        // First above the fixed numbers, so that none overwrites another.
        const int high_line = ::fcntl(line_read.get(), F_DUPFD, 16), high_report = ::fcntl(report_write.get(), F_DUPFD, 16);
        const int high_lock = lock >= 0 ? ::fcntl(lock, F_DUPFD, 16) : -1;
        const int high_output = spec.capture ? ::fcntl(output_write.get(), F_DUPFD, 16) : -1;
        if (!place(high_line, line_fd) || !place(high_report, report_fd) || !place(high_lock, lock_fd) || !place(high_output, output_fd))
            ::_exit(127);
        if (high_lock < 0) ::close(lock_fd);
        ::fcntl(report_fd, F_SETFD, FD_CLOEXEC);
        close_from(spec.capture ? output_fd + 1 : output_fd);
        keep(path.c_str(), arguments.data(), environment.data(), folder.c_str(), spec.capture, spec.with_descendants);
    }
    report_write.reset();
    line_read.reset();
    int error = 0;
    ssize_t count = 0;
    while ((count = ::read(report_read.get(), &error, sizeof error)) < 0 && errno == EINTR) {
    }
    if (count == static_cast<ssize_t>(sizeof error)) {
        ::waitpid(keeper, nullptr, 0);
        return fail(ErrorCode::unavailable, path + ": cannot be run: " + std::strerror(error) + ".", path);
    }
    return KeptProgram(keeper, std::move(line_write), std::move(output_read));
}

KeptProgram::KeptProgram(KeptProgram&& other) noexcept
    : keeper_(std::exchange(other.keeper_, -1)),
      line_(std::move(other.line_)),
      output_(std::move(other.output_)),
      ended_(std::move(other.ended_)),
      status_(other.status_) {}

KeptProgram& KeptProgram::operator=(KeptProgram&& other) noexcept {
    std::swap(keeper_, other.keeper_);
    std::swap(line_, other.line_);
    std::swap(output_, other.output_);
    std::swap(ended_, other.ended_);
    std::swap(status_, other.status_);
    return *this;
}

KeptProgram::~KeptProgram() {
    if (keeper_ < 0) return;
    line_.reset();
    wait();
}

void KeptProgram::terminate() {
    if (!ended_) [[maybe_unused]]
        const ssize_t told = ::write(line_.get(), "T", 1);
}

void KeptProgram::kill() {
    if (!ended_) [[maybe_unused]]
        const ssize_t told = ::write(line_.get(), "K", 1);
}

void KeptProgram::take_status(int status) {
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ended_ = status_ > 128 ? "signal " + std::to_string(status_ - 128) : "exit status " + std::to_string(status_);
}

const std::optional<std::string>& KeptProgram::ended() {
    int status = 0;
    if (!ended_ && ::waitpid(keeper_, &status, WNOHANG) == keeper_) take_status(status);
    return ended_;
}

void KeptProgram::wait() {
    int status = 0;
    while (!ended_) {
        const pid_t reaped = ::waitpid(keeper_, &status, 0);
        if (reaped == keeper_)
            take_status(status);
        else if (reaped < 0 && errno != EINTR)
            ended_ = "gone";
    }
}

}  // namespace otabahn::device
