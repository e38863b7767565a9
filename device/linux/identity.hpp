// SPDX-License-Identifier: Apache-2.0
// Who the device is to the service, over the years: provisioning by claim at the first start, and a new certificate before the
// old one ends. Both are AWS's fleet provisioning: a request signed with the device's own key (create-from-csr), then the
// template that makes the certificate valid (provision). What the agent got itself lies in one file of the state folder, so that
// certificate and key are never two that do not belong together. The old identity stays until the new one has connected.
#pragma once

#include "device/host/client_tls.hpp"
#include "device/host/files.hpp"
#include "device/host/poll_set.hpp"
#include "device/linux/config.hpp"
#include "device/port/ports.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace otabahn::device {

// What one conversation with the fleet provisioning topics needs, and gives. Blocking, for a thread of its own.
struct EnrolmentRequest {
    ClientIdentity as;        // the claim, or the identity that there is
    std::string private_key;  // the new one: PEM, or the token's name
    std::string host, client_id, common_name, provisioning_template;
    int port = 8883;
    std::uint32_t mqtt_version = 5;
    std::vector<std::string> parameters;  // "Name=value"
};
struct Enrolled {
    std::string certificate;  // PEM
    std::string thing_name;   // what the template says; may be empty
};
Result<Enrolled> enrol(const EnrolmentRequest& request);

class Identity {
  public:
    Identity(const Config& config, const Clock& clock, Log& log);
    ~Identity();
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    // None: there is no identity yet, or a request is under way that needs its name.
    bool may_connect() const { return !working_ && known(); }
    // What to connect with.
    ClientIdentity current() const;

    void want(PollSet& set) const;
    // `free`: the connection may be given up for a while. True: what to connect with, or whether to, has changed.
    bool work(const PollSet& set, bool free, bool connected);

  private:
    struct Working {
        EnrolmentRequest request;
        Descriptor event;
        Result<Enrolled> result = Enrolled();
        std::thread thread;  // let go of by whoever ends last
    };
    bool known() const;
    bool due() const;
    void begin();
    bool finish();
    bool judge_trial(bool connected);
    std::filesystem::path own() const { return config_.state / "identity.pem"; }
    std::filesystem::path trial() const { return config_.state / "identity.trial.pem"; }
    ClientIdentity from(const std::filesystem::path& file) const;

    const Config& config_;
    const Clock& clock_;
    Log& log_;
    std::shared_ptr<Working> working_;
    bool on_trial_ = false;
    bool own_ = false;
    Millis trial_until_{0};
    Millis again_at_{0};
    Millis again_after_;
};

}  // namespace otabahn::device
