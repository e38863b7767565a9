// SPDX-License-Identifier: Apache-2.0
#include "device/host/stderr_log.hpp"

#include <unistd.h>

#include <ctime>
#include <string>

namespace otabahn::device {

void StderrLog::note(std::string_view text) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    char stamp[40];
    const std::size_t size = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    std::string line(stamp, size);
    const std::string millis = std::to_string(1'000 + now.tv_nsec / 1'000'000);
    line.append(".").append(millis, 1).append("Z otabahn-device ");
    // What others wrote stays on its line.
    for (char c : text) line.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c);
    line.push_back('\n');
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace otabahn::device
