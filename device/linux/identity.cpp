// SPDX-License-Identifier: Apache-2.0
#include "device/linux/identity.hpp"

#include "x509/x509.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>

namespace otabahn::device {

namespace {

constexpr Millis first_again{10'000}, most_again{3'600'000};
constexpr Millis trial_time{120'000};
constexpr Millis look_every{3'600'000};
constexpr std::size_t most_identity_bytes = 64 * 1024;

bool is_file(const std::filesystem::path& path) {
    std::error_code missing;
    return std::filesystem::is_regular_file(path, missing);
}

}  // namespace

Identity::Identity(const Config& config, const Clock& clock, Log& log)
    : config_(config), clock_(clock), log_(log), again_after_(first_again) {
    own_ = is_file(own());
    // A cut came in its trial: it is tried again.
    on_trial_ = is_file(trial());
    if (on_trial_) trial_until_ = clock_.now() + trial_time;
}

Identity::~Identity() {
    // A request that still waits for an answer is not waited for: the process ends.
    if (working_ && working_->thread.joinable()) working_->thread.detach();
}

ClientIdentity Identity::from(const std::filesystem::path& file) const {
    const bool in_token = is_key_uri(config_.private_key);
    return {file, in_token ? config_.private_key : file.string(), config_.pkcs11_module, config_.root_ca};
}

ClientIdentity Identity::current() const {
    if (on_trial_) return from(trial());
    if (own_) return from(own());
    return {config_.certificate, config_.private_key, config_.pkcs11_module, config_.root_ca};
}

bool Identity::known() const { return on_trial_ || own_ || !config_.certificate.empty(); }

bool Identity::due() const {
    if (!known()) return true;
    if (on_trial_ || config_.renew_days.count() == 0) return false;
    const auto text = read_file(current().certificate, most_identity_bytes);
    const auto certificate = text ? x509::Certificate::parse_pem(*text) : Result<x509::Certificate>(Unexpected(text.error()));
    if (!certificate) return false;
    const auto now = std::chrono::time_point_cast<Timestamp::duration>(std::chrono::system_clock::now());
    // Before its beginning the clock is wrong, not the certificate.
    return now >= certificate->not_before() && now + config_.renew_days >= certificate->not_after();
}

void Identity::begin() {
    working_ = std::make_shared<Working>();
    EnrolmentRequest& request = working_->request;
    request.as = known() ? current() : ClientIdentity{config_.claim_certificate, config_.claim_private_key, {}, config_.root_ca};
    request.private_key = config_.private_key;
    if (!is_key_uri(config_.private_key)) {
        const auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
        if (!key) {
            log_.note("no key could be made: " + key.error().message);
            working_.reset();
            return;
        }
        request.private_key = key->to_pem();
    }
    request.host = config_.host;
    request.port = config_.port;
    request.client_id = request.common_name = config_.thing_name;
    request.mqtt_version = config_.mqtt_version;
    request.provisioning_template = config_.provisioning_template;
    request.parameters = config_.provisioning_parameters;
    log_.note(known() ? "the certificate ends soon: asking for a new one"
                      : "no certificate yet: asking for one by the claim, template " + config_.provisioning_template);
    working_->event = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    working_->thread = std::thread([working = working_.get(), kept = working_] {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
        working->result = enrol(working->request);
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t told = ::write(working->event.get(), &one, sizeof one);
    });
}

bool Identity::finish() {
    working_->thread.join();
    const std::shared_ptr<Working> done = std::exchange(working_, nullptr);
    std::string trouble;
    if (!done->result) {
        trouble = done->result.error().message;
    } else if (!done->result->thing_name.empty() && done->result->thing_name != config_.thing_name) {
        trouble = "the template made thing " + done->result->thing_name + ", but thing_name in device.toml is " + config_.thing_name + ".";
    } else {
        const std::string key = is_key_uri(config_.private_key) ? std::string() : done->request.private_key;
        const std::string text = done->result->certificate + "\n" + key;
        if (const auto written = replace_file(trial(), as_bytes(text)); !written) trouble = written.error().message;
    }
    if (trouble.empty()) {
        on_trial_ = true;
        trial_until_ = clock_.now() + trial_time;
        log_.note("a certificate is here; it is kept once it has connected");
        return true;
    }
    again_at_ = clock_.now() + again_after_;
    log_.note("no certificate: " + trouble + " Next try in " + std::to_string(again_after_.count() / 1'000) + " s.");
    again_after_ = std::min(again_after_ * 2, most_again);
    return true;
}

bool Identity::judge_trial(bool connected) {
    if (connected) {
        std::error_code failed;
        std::filesystem::rename(trial(), own(), failed);
        if (failed || !sync_folder(config_.state)) {
            log_.note("the new certificate cannot be kept: " + own().string() + ": " + failed.message());
            trial_until_ = clock_.now() + trial_time;
            return false;
        }
        on_trial_ = false;
        own_ = true;
        again_after_ = first_again;
        again_at_ = clock_.now() + look_every;
        log_.note("the new certificate has connected and is kept: " + own().string());
        return true;
    }
    if (clock_.now() < trial_until_) return false;
    std::error_code ignored;
    std::filesystem::remove(trial(), ignored);
    on_trial_ = false;
    again_at_ = clock_.now() + again_after_;
    again_after_ = std::min(again_after_ * 2, most_again);
    log_.note(std::string("the new certificate did not connect within ") + std::to_string(trial_time.count() / 1'000) +
              " s: " + (known() ? "the old one is used on" : "another one is asked for"));
    return true;
}

void Identity::want(PollSet& set) const {
    if (working_) return set.read(working_->event.get());
    if (on_trial_) return set.wake(trial_until_);
    if (!known() || config_.renew_days.count() > 0) set.wake(again_at_);
}

bool Identity::work(const PollSet& set, bool free, bool connected) {
    if (working_) return (set.found(working_->event.get()) & POLLIN) != 0 && finish();
    if (on_trial_) return judge_trial(connected);
    if ((known() && config_.renew_days.count() == 0) || clock_.now() < again_at_ || (known() && !(free && connected))) return false;
    again_at_ = clock_.now() + look_every;
    if (!due()) return false;
    begin();
    return true;
}

}  // namespace otabahn::device
