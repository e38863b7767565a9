// SPDX-License-Identifier: Apache-2.0
#include "device/host/instance_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace otabahn::device {

Result<Descriptor> take_instance_lock(const std::filesystem::path& state, std::chrono::milliseconds patience) {
    const auto path = state / "lock";
    Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) return fail(ErrorCode::unavailable, trouble_with(path, "cannot be opened"), path.string());
    for (constexpr std::chrono::milliseconds step{20};; patience -= step) {
        if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) break;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(ErrorCode::unavailable, trouble_with(path, "cannot be locked"), path.string());
        if (patience <= std::chrono::milliseconds{0})
            return fail(
                ErrorCode::conflict,
                "another otabahn-device runs with the state in " + state.string() + " (" + path.string() + " is locked); stop it first.",
                path.string());
        timespec pause{0, 20'000'000};
        ::nanosleep(&pause, nullptr);
    }
    return lock;
}

}  // namespace otabahn::device
