// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/watch.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace otabahn::load {
namespace {

double read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Of every thread of `process`, by schedstat: nanoseconds on a processor, and waiting for one.
void add_threads(const std::string& process, std::map<std::string, double>& out) {
    std::error_code error;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + process + "/task", error)) {
        std::ifstream file(thread.path() / "schedstat");
        double ran = 0, waited = 0;
        if (file >> ran >> waited) out[thread.path()] = (ran + waited) / 1e9;
    }
}

double busiest(const std::map<std::string, double>& before, const std::map<std::string, double>& after) {
    double out = 0;
    for (const auto& [thread, seconds] : after) {
        const auto found = before.find(thread);
        out = std::max(out, seconds - (found == before.end() ? 0 : found->second));
    }
    return out;
}

}  // namespace

Result<void> Watch::check() const {
    for (const int process : processes_) {
        clockid_t clock{};
        if (::clock_getcpuclockid(process, &clock) != 0)
            return fail(ErrorCode::not_found, "The processor time of process " + std::to_string(process) + " cannot be read: is it gone?");
    }
    return {};
}

double Watch::server_cpu() const {
    double out = 0;
    for (const int process : processes_) {
        clockid_t clock{};
        if (::clock_getcpuclockid(process, &clock) == 0) out += read_clock(clock);
    }
    return out;
}

Watch::Threads Watch::server_threads() const {
    Threads out;
    for (const int process : processes_) add_threads(std::to_string(process), out);
    return out;
}

double Watch::resident_bytes() const {
    double out = 0;
    for (const int process : processes_) {
        std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
        for (std::string word; file >> word;)
            if (double kilobytes = 0; word == "Rss:" && file >> kilobytes) out += kilobytes * 1024;
    }
    return out;
}

void Watch::begin() {
    server_threads_began_ = server_threads();
    client_threads_began_.clear();
    add_threads("self", client_threads_began_);
    began_ = Clock::now();
    server_began_ = server_cpu();
    client_began_ = read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

Usage Watch::end() const {
    Usage out{std::chrono::duration<double>(Clock::now() - began_).count(), read_clock(CLOCK_PROCESS_CPUTIME_ID) - client_began_,
              server_cpu() - server_began_};
    Threads client;
    add_threads("self", client);
    out.server_load = std::min(1.0, busiest(server_threads_began_, server_threads()) / out.seconds);
    out.client_load = std::min(1.0, busiest(client_threads_began_, client) / out.seconds);
    return out;
}

std::string to_json(const Usage& usage) {
    std::array<char, 240> text{};
    std::snprintf(text.data(), text.size(),
                  R"("seconds": %.4f, "serverCpuSeconds": %.4f, "clientCpuSeconds": %.4f, "serverLoad": %.3f, "clientLoad": %.3f)",
                  usage.seconds, usage.server_cpu, usage.client_cpu, usage.server_load, usage.client_load);
    return text.data();
}

}  // namespace otabahn::load
