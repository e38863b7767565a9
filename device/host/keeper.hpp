// SPDX-License-Identifier: Apache-2.0
// A program in its own process group, watched over by a small process of ours: when the agent goes, however it goes, the
// keeper ends the whole group (and, where asked, whatever else descends from the program: it is their subreaper, so a new
// session is no way out), and only then lets go of the agent's lock. So a new agent never meets a program of the old one.
#pragma once

#include "base/error.hpp"
#include "device/host/files.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::device {

struct ProgramSpec {
    std::vector<std::string> words;                                // the program first
    std::vector<std::pair<std::string, std::string>> environment;  // added to ours
    std::filesystem::path folder;                                  // where it runs
    bool with_descendants = false;                                 // those that left its group end with it
    bool capture = false;                                          // output() gives what it says, instead of our own output
};

class KeptProgram {
  public:
    // `lock`: kept open by the keeper; -1: none. Fails when the program cannot be executed.
    static Result<KeptProgram> start(const ProgramSpec& spec, int lock);

    KeptProgram(KeptProgram&& other) noexcept;
    KeptProgram& operator=(KeptProgram&& other) noexcept;
    ~KeptProgram();  // kills the group, if it still runs

    void terminate();  // SIGTERM to the group
    void kill();       // SIGKILL to the group
    // How it ended ("exit status 3", "signal 9"), once it has; nothing while it runs. exit_status() is valid then.
    const std::optional<std::string>& ended();
    int exit_status() const { return status_; }
    // Does not block; -1 unless captured.
    int output() const { return output_.get(); }
    // Blocks until it has ended; for the way out.
    void wait();

  private:
    KeptProgram(pid_t keeper, Descriptor line, Descriptor output) : keeper_(keeper), line_(std::move(line)), output_(std::move(output)) {}
    void take_status(int status);

    pid_t keeper_ = -1;
    Descriptor line_, output_;
    std::optional<std::string> ended_;
    int status_ = -1;
};

}  // namespace otabahn::device
