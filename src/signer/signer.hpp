// SPDX-License-Identifier: Apache-2.0
// ACM (imported certificates) and Signer (profiles, signing jobs). Both live once per region. Blocking: pool threads only.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "objects/objects.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"
#include "signer/profiles.hpp"
#include "signer/signing_jobs.hpp"
#include "x509/x509.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace otabahn::signer {

// Runs work later on a blocking pool: a signing job goes on after StartSigningJob has answered.
using Later = std::function<void(std::function<void()>)>;

class Signer {
  public:
    // All outlive the work handed to `later`.
    Signer(runtime::Store& store, const runtime::Clock& clock, objects::Objects& objects, access::Access& access, Later later);

    // The configuration file's [[acm]]: under a given ARN; the same again is fine, another content for the ARN replaces it.
    Result<void> load_certificate(std::string_view arn, std::string_view certificate_pem, std::string_view private_key_pem);
    // After a start: signing jobs that a crash left InProgress are run again.
    Result<void> resume_jobs();
    void bind_rest(awsapi::Operations& operations);  // acm and signer

  private:
    void bind_acm(awsapi::Operations& operations);
    void bind_acm_tags(awsapi::Operations& operations);
    void bind_platforms(awsapi::Operations& operations);
    void bind_profiles(awsapi::Operations& operations);
    void bind_jobs(awsapi::Operations& operations);

    // StartSigningJob's checks, in order; gives the job that they allow.
    Outcome<SigningJob> judge_start(const awsapi::Caller& caller, const api::signer::StartSigningJobRequest& in);
    // To the end: signs, writes the object, and says so in the job's row. A job that is not InProgress any more is left alone.
    void run_job(const Scope& scope, const std::string& id);
    // Gives why not, when it fails.
    Result<void> sign(const SigningJob& job);

    runtime::Store& store_;
    const runtime::Clock& clock_;
    objects::Objects& objects_;
    access::Access& access_;
    Later later_;
};

}  // namespace otabahn::signer
