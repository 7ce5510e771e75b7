import { accessible, ask, check, open, settled, shot, signIn } from './browser.mjs';

/** Tech opens a record in an emergency, reads it, ends it; the patient hears of it; another officer reviews it. */
export default async function emergency(browser) {
  const tech = await open(browser, { expected: ['404'] });
  await signIn(tech, 'tech@example.com');
  await tech.waitForURL('**/system');
  await tech.goto('/emergencies');
  await settled(tech);
  await accessible(tech, 'emergencies');
  await shot(tech, 'tech-emergencies');
  await tech.getByLabel('Find the patient by').selectOption('email');
  await tech.getByLabel('E-mail address').last().fill('patient@example.com');
  await tech.getByLabel('Reason').fill('Collapsed in the hall, needs to know the allergies.');
  await tech.getByRole('button', { name: 'Open the record' }).click();
  await tech.waitForURL('**/emergencies/*-*');
  await settled(tech);
  await tech.getByText('is open to you in an emergency until').waitFor();
  await tech.getByRole('button', { name: 'Show' }).first().click();
  await tech.locator('article img').first().waitFor();
  await settled(tech);
  await accessible(tech, 'a record in an emergency');
  await shot(tech, 'tech-emergency-record');
  await tech.getByRole('button', { name: 'End it' }).click();
  await tech.getByText('is open to you in an emergency until').waitFor({ state: 'detached' });

  const patient = await open(browser, { scheme: 'light', width: 390, height: 844 });
  await signIn(patient, 'patient@example.com');
  await patient.goto('/accesses');
  await settled(patient);
  await patient.getByText('Opened a record in an emergency').first().waitFor();
  const told = await ask(patient, '/api/notifications?limit=50');
  check(
    told.body.items.some((row) => row.type === 'emergency_access'),
    'the patient was not told',
  );

  // A doctor becomes privacy officer, and is the one who reviews.
  const doctor = await open(browser, { scheme: 'light', width: 390, height: 844 });
  await signIn(doctor, 'doctor@example.com');
  const { body: me } = await ask(doctor, '/api/auth/me');
  await ask(tech, '/api/settings/privacy.officers', { method: 'PUT', body: { setting_value: [me.user.id] } });
  await doctor.goto('/emergencies');
  await settled(doctor);
  await shot(doctor, 'doctor-emergencies-phone');
  await doctor.getByRole('button', { name: 'Review' }).first().click();
  const dialog = doctor.getByRole('dialog');
  await dialog.getByLabel('Justified', { exact: true }).check();
  await dialog.getByLabel('Your note').fill('The ward confirms it.');
  await accessible(doctor, 'the review of an emergency');
  await shot(doctor, 'doctor-emergency-review');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await doctor.getByText('Nothing waits for your review').waitFor();
}
